// Package snippets_test runs what README.md and docs show: their Go snippets and
// configuration files are files of this module, word for word.
package snippets_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/docs/snippets/loadkoanf"
	"github.com/failure-enrichers/enricher/docs/snippets/loadviper"
	"github.com/failure-enrichers/enricher/docs/snippets/loadyaml"
	"github.com/failure-enrichers/enricher/docs/snippets/shop"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

const (
	readme        = "../../README.md"
	configuration = "../../docs/configuration.md"
	integrations  = "../../docs/integrations.md"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// TestPagesShowOnlyTestedSnippets compares the snippets of each page with files of
// this module, which other tests run.
func TestPagesShowOnlyTestedSnippets(t *testing.T) {
	for page, files := range map[string][]string{
		readme: {"first/main.go", "readymade.yaml"},
		configuration: {
			"enrichers.yaml", "enrichers.json", "enrichers.properties",
			"loadyaml/load.go", "loadkoanf/load.go", "loadviper/load.go",
		},
		integrations: {"mount/mount.go", "setup/setup.go", "loop/loop.go"},
	} {
		var want, got []string
		for _, path := range files {
			text := read(t, path)
			if _, body, ok := strings.Cut(text, "\n)\n\n"); ok && path != "first/main.go" {
				text = body[strings.Index(body, "func "):] // without imports and what the page explains
			}
			want = append(want, strings.TrimRight(text, "\n")+"\n")
		}
		for _, match := range regexp.MustCompile("(?s)```(?:go|yaml|json|properties)\n(.*?)```\n").FindAllStringSubmatch(read(t, page), -1) {
			got = append(got, match[1])
		}
		assert.Equal(t, want, got, page)
	}
}

func TestReadmeHasAtMost200Lines(t *testing.T) {
	assert.LessOrEqual(t, strings.Count(read(t, readme), "\n"), 200)
}

func TestFirstEnricherPrintsWhatTheReadmeShows(t *testing.T) {
	var log strings.Builder
	cmd := exec.Command("go", "run", "./first")
	cmd.Stderr = &log
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Contains(t, log.String(), " INFO Found failure enricher enricher=missing-file ")
	assert.Equal(t, "missing_file=orders.csv\n", string(out))
	assert.Contains(t, read(t, readme), "```text\n"+string(out)+"```\n")
}

func TestReadyMadeEnrichersGiveTheLabelsOfTheReadme(t *testing.T) {
	t.Setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T0/B0/x")
	t.Setenv("JOBMANAGER__FAILURE_ENRICHMENT__TIMEOUT", "4s")
	_, cause := net.Dial("tcp", "127.0.0.1:1") // nothing listens there
	document := read(t, "readymade.yaml")
	for level, document := range map[string]string{
		"below jobmanager": document,
		"at the top":       strings.ReplaceAll(strings.TrimPrefix(document, "jobmanager:"), "\n  ", "\n"),
	} {
		for loader, load := range loaders {
			t.Run(level+" with "+loader, func(t *testing.T) {
				cfg, err := load(t, document)
				require.NoError(t, err)
				if loader == "koanf" || loader == "viper" {
					assert.Equal(t, 4*time.Second, cfg.Timeout)
				}
				cfg.Strict = true
				e, err := enricher.New(cfg, enricher.WithLogger(slog.New(slog.DiscardHandler)))
				require.NoError(t, err)
				labels := e.Enrich(fmt.Errorf("fetch prices: %w", cause))
				assert.Regexp(t, "^[0-9a-f]{16}$", labels["fingerprint"])
				delete(labels, "fingerprint")
				assert.Contains(t, read(t, readme), "`"+labels.String()+"`")
				labels = e.Enrich(&shop.StockError{})
				assert.Equal(t, "USER", labels["type"])
				assert.True(t, labels.CannotRestart())
				require.NoError(t, e.Shutdown(t.Context()))
			})
		}
	}
}

// The loaders of the pages, for a YAML document.
var loaders = map[string]func(t *testing.T, document string) (enricher.Config, error){
	"yaml": func(t *testing.T, document string) (enricher.Config, error) {
		return loadyaml.Load(write(t, document))
	},
	"koanf": func(t *testing.T, document string) (enricher.Config, error) {
		return loadkoanf.Load(write(t, document))
	},
	"viper": func(t *testing.T, document string) (enricher.Config, error) {
		return loadviper.Load(write(t, document))
	},
	"json": func(t *testing.T, document string) (enricher.Config, error) {
		text, err := json.Marshal(parse(t, document))
		require.NoError(t, err)
		var raw map[string]any
		require.NoError(t, json.Unmarshal(text, &raw))
		return enricher.ParseConfig(raw)
	},
	"properties": func(t *testing.T, document string) (enricher.Config, error) {
		raw := map[string]any{}
		flatten(raw, "", parse(t, document))
		return enricher.ParseConfig(raw)
	},
}

func write(t *testing.T, document string) (path string) {
	path = filepath.Join(t.TempDir(), "enrichers.yaml")
	require.NoError(t, os.WriteFile(path, []byte(document), 0o600))
	return path
}

func parse(t *testing.T, document string) (raw map[string]any) {
	require.NoError(t, yaml.Unmarshal([]byte(document), &raw))
	return raw
}

// flatten puts v into properties, as a user would write it there: a list with commas,
// or the pairs in it as keys.
func flatten(properties map[string]any, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			flatten(properties, strings.TrimPrefix(path+"."+key, "."), value)
		}
	case []any:
		var items []string
		for _, item := range v {
			if pair, ok := item.(map[string]any); ok {
				flatten(properties, fmt.Sprintf("%s.%s", path, cmp.Or(pair["match"], pair["key"])), pair["is"])
			} else {
				items = append(items, fmt.Sprint(item))
			}
		}
		if items != nil {
			properties[path] = strings.Join(items, ", ")
		}
	default:
		properties[path] = fmt.Sprint(v)
	}
}

func TestReadmeNamesEveryReadyMadeEnricher(t *testing.T) {
	for _, name := range enricher.Registered() {
		assert.Contains(t, read(t, readme), "| `"+name+"` | ", name)
	}
}

var want = enricher.Config{
	FailureEnrichers: []string{"rules/payments", "rules/infra", "owner"},
	Options: map[string]map[string]any{
		"rules/payments": {"file": "payments.json"},
		"rules/infra":    {"file": "infra.json"},
	},
	Strict:   true,
	Timeout:  500 * time.Millisecond,
	Policies: map[string]enricher.Policy{"owner": {Timeout: 200 * time.Millisecond, MaxConcurrent: 8}},
}

func TestConfigurationIsTheSameInEverySpelling(t *testing.T) {
	spellings := map[string]func(text string, into *map[string]any) error{
		"enrichers.yaml": func(text string, into *map[string]any) error { return yaml.Unmarshal([]byte(text), into) },
		"enrichers.json": func(text string, into *map[string]any) error { return json.Unmarshal([]byte(text), into) },
		"enrichers.properties": func(text string, into *map[string]any) error {
			*into = map[string]any{}
			for line := range strings.Lines(text) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
				(*into)[key] = value
			}
			return nil
		},
	}
	for path, parse := range spellings {
		t.Run(path, func(t *testing.T) {
			var raw map[string]any
			require.NoError(t, parse(read(t, path), &raw))
			cfg, err := enricher.ParseConfig(raw)
			require.NoError(t, err)
			assert.Equal(t, want, cfg)
		})
	}
}

func TestLoaderYAML(t *testing.T) {
	cfg, err := loadyaml.Load("enrichers.yaml")
	require.NoError(t, err)
	assert.Equal(t, want, cfg)
}

func TestLoadersAreNamed(t *testing.T) {
	page := read(t, configuration)
	for _, load := range []string{"loadyaml", "loadkoanf", "loadviper"} {
		imports, _, _ := strings.Cut(read(t, load+"/load.go"), "\n)\n")
		for line := range strings.Lines(imports) {
			path, isImport := strings.CutPrefix(strings.TrimSpace(line), `"`)
			path = strings.TrimPrefix(strings.TrimSuffix(path, `"`), "github.com/knadh/koanf/")
			if isImport && strings.Contains(path, "/") && !strings.HasPrefix(path, "github.com/failure-enrichers/") {
				assert.Contains(t, page, "`"+path+"`", load)
			}
		}
	}
}

func TestLoadersKoanfAndViper(t *testing.T) {
	for name, load := range map[string]func(string) (enricher.Config, error){
		"koanf": loadkoanf.Load, "viper": loadviper.Load,
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := load("enrichers.yaml")
			require.NoError(t, err)
			assert.Equal(t, want, cfg)

			t.Setenv("JOBMANAGER__FAILURE_ENRICHMENT__TIMEOUT", "2s")
			t.Setenv("JOBMANAGER__FAILURE_ENRICHERS", "owner, rules/infra")
			cfg, err = load("enrichers.yaml")
			require.NoError(t, err)
			assert.Equal(t, 2*time.Second, cfg.Timeout)
			assert.Equal(t, []string{"owner", "rules/infra"}, cfg.FailureEnrichers)
		})
	}
}

func TestLoadersTakeHeadersOfAWebhookAsAList(t *testing.T) {
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("X-Token") }))
	defer s.Close()
	t.Setenv("CHAT_TOKEN", "abc")
	for loader, load := range loaders {
		if loader == "properties" {
			continue // has maps instead
		}
		cfg, err := load(t, "jobmanager:\n  failure-enrichers: [webhook]\n  failure-enricher:\n    webhook:\n      url: "+s.URL+
			"\n      allow-private: true\n      headers: [{key: X-Token, value: {env: CHAT_TOKEN}}]\n")
		require.NoError(t, err)
		cfg.Timeout = time.Minute
		e, err := enricher.New(cfg, enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err, loader)
		e.Enrich(&shop.StockError{})
		assert.Equal(t, "abc", <-got, loader)
		require.NoError(t, e.Shutdown(t.Context()))
	}
}
