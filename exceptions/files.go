package exceptions

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

//go:embed page/index.html page/app.js page/style.css
var page embed.FS

//go:embed openapi.json
var openAPI []byte

// A file is a static file of the page.
type file struct {
	content []byte
	typ     string
	tag     string
}

// loadFiles returns the files by their paths.
func loadFiles() map[string]file {
	files := map[string]file{}
	add := func(path, typ string, content []byte) {
		sum := sha256.Sum256(content)
		files[path] = file{content, typ, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	for name, typ := range map[string]string{
		"index.html": "text/html; charset=utf-8",
		"app.js":     "text/javascript; charset=utf-8",
		"style.css":  "text/css; charset=utf-8",
	} {
		content, _ := page.ReadFile("page/" + name) // it is embedded
		add("/"+name, typ, content)
	}
	add("/openapi.json", "application/json; charset=utf-8", openAPI)
	return files
}

// serveFile returns a handler of a file.
func (s *handler) serveFile(path string) func(http.ResponseWriter, *http.Request, *params) {
	f := s.files[path]
	return func(w http.ResponseWriter, r *http.Request, _ *params) {
		w.Header().Set("Content-Type", f.typ)
		w.Header().Set("ETag", f.tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
	}
}

// serveRoot serves the path at which the handler is mounted: the page if the path
// ends with a slash, and otherwise a redirect to it, because the links of the page
// are relative.
func (s *handler) serveRoot(w http.ResponseWriter, r *http.Request, p *params) {
	asked, query, _ := strings.Cut(r.RequestURI, "?")
	last := asked[strings.LastIndexByte(asked, '/')+1:]
	if last == "" {
		s.serveFile("/index.html")(w, r, p)
		return
	}
	to := "./" + last + "/"
	if query != "" {
		to += "?" + query
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusTemporaryRedirect)
}
