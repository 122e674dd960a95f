package exceptions

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed page
var page embed.FS

//go:embed openapi.json
var openAPI []byte

// A file is a static file of the page.
type file struct {
	content []byte
	typ     string
	tag     string
}

// fileTypes are the types of the files of the page, by the ends of their names.
var fileTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
}

// defaultLeads are the default of WithLeadLabels, as page/index.html has them.
const defaultLeads = "type\nretry\nowner"

// WithLeadLabels sets the keys of the labels that the page shows of a failure, or a
// group of failures, before one opens it. By default, type, retry and owner.
func WithLeadLabels(keys ...string) HandlerOption {
	return func(s *handler) { s.leads = html.EscapeString(strings.Join(keys, "\n")) }
}

// loadFiles returns the files by their paths.
func loadFiles(leads string) map[string]file {
	files := map[string]file{}
	add := func(name, typ string, content []byte) {
		sum := sha256.Sum256(content)
		files[name] = file{content, typ, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	list, _ := page.ReadDir("page") // it is embedded
	for _, f := range list {
		content, _ := page.ReadFile("page/" + f.Name())
		if f.Name() == "index.html" {
			content = bytes.Replace(content, []byte(defaultLeads), []byte(leads), 1)
		}
		add("/"+f.Name(), fileTypes[path.Ext(f.Name())], content)
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
