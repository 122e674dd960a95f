module github.com/failure-enrichers/enricher/examples

go 1.26.0

require (
	github.com/cenkalti/backoff/v5 v5.0.3
	github.com/failure-enrichers/enricher v0.0.0
	github.com/failure-enrichers/enricher/contrib/enricherwasm v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
	go.yaml.in/yaml/v3 v3.0.6
	golang.org/x/term v0.47.0
)

require (
	code.dny.dev/ssrf v0.3.0 // indirect
	github.com/go-viper/mapstructure/v2 v2.5.0 // indirect
	github.com/hashicorp/golang-lru/v2 v2.0.7 // indirect
	github.com/tetratelabs/wazero v1.12.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace (
	github.com/failure-enrichers/enricher => ../
	github.com/failure-enrichers/enricher/contrib/enricherwasm => ../contrib/enricherwasm
)
