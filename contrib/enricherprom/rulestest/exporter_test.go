package rulestest_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/contrib/enricherprom"
)

var (
	errUser       = fs.ErrNotExist
	errDependency = io.ErrUnexpectedEOF
	errUnknown    = errors.New("odd")
)

// TestExporter has services that fail for three hours, and the minutes in which alerts fire.
func TestExporter(t *testing.T) {
	t.Parallel()
	services := []struct {
		job    string
		labels []string
		minute func(p *process, minute int)
		want   map[string]string
	}{
		{"quiet", nil, func(p *process, minute int) {
			p.fail(minute%2, errUser)
		}, nil},
		{"class rises", nil, func(p *process, minute int) {
			if minute > 70 {
				p.fail(5, errDependency)
			}
		}, map[string]string{"FailureClassRises DEPENDENCY": "78-133"}},
		{"class rises in one scrape, without zeros before", []string{"type", "retry"}, func(p *process, minute int) {
			if minute == 73 {
				p.fail(20, errDependency)
			}
		}, map[string]string{"FailureClassRises DEPENDENCY": "78-82"}},
		{"quarter has no known type", nil, func(p *process, _ int) {
			p.fail(3, errUser)
			p.fail(1, errUnknown)
		}, map[string]string{"FailuresUnknownShareRises": "20-180"}},
		{"without the label type", []string{"owner"}, func(p *process, _ int) {
			p.fail(4, errUnknown)
		}, nil},
		{"owner fails for an hour", nil, func(p *process, minute int) {
			p.fails = minute >= 70 && minute < 130
			p.fail(1, errUser)
		}, map[string]string{"EnricherFails owner": "99-143"}},
		{"owner panics for half an hour", nil, func(p *process, minute int) {
			p.panics = minute >= 70 && minute < 100
			p.fail(1, errUser)
		}, map[string]string{"EnricherBreakerOpen owner": "75-99", "EnricherFails owner": "99-113"}},
		{"owner panics until the process is replaced", nil, func(p *process, minute int) {
			p.panics = minute >= 70 && minute < 73
			if minute == 73 {
				p.start("b")
			}
			p.fail(1, errUser)
		}, nil},
		{"process restarts", nil, func(p *process, minute int) {
			if minute%70 == 69 {
				p.start("a")
			}
			p.fail(5, errUser)
		}, nil},
		{"process is replaced", nil, func(p *process, minute int) {
			if minute == 100 {
				p.start("b")
			}
			p.fail(5, errUser)
		}, nil},
		{"process is scraped late", nil, func(p *process, minute int) {
			if minute == 0 {
				p.end()
			}
			if minute == 100 {
				p.start("a")
				p.fail(9000, errUser)
			}
			p.fail(5, errUser)
		}, nil},
		{"process ends", nil, func(p *process, minute int) {
			p.fail(5, errUser)
			if minute == 100 {
				p.end()
			}
		}, nil},
	}
	s := newServer(t, "../alerts.yaml")
	processes := make([]*process, len(services))
	for i, service := range services {
		processes[i] = &process{t: t, job: service.job, options: enricherprom.Options{Labels: service.labels}}
		processes[i].start("a")
	}
	fired := map[string]map[string][]int{} // minutes, by job and alert
	for minute := range 181 {
		var samples []sample
		for i, service := range services {
			service.minute(processes[i], minute)
			samples = append(samples, processes[i].scrape()...)
		}
		s.tick(minute, samples)
		for _, alert := range s.firing("") {
			job, name := alert.Labels.Get("job"), alert.Labels.Get("alertname")
			for _, key := range []string{"type", "enricher"} {
				if value := alert.Labels.Get(key); value != "" {
					name += " " + value
				}
			}
			if fired[job] == nil {
				fired[job] = map[string][]int{}
			}
			fired[job][name] = append(fired[job][name], minute)
		}
	}
	for _, service := range services {
		got := map[string]string{}
		for name, minutes := range fired[service.job] {
			first, last := minutes[0], minutes[len(minutes)-1]
			assert.Len(t, minutes, last-first+1, "%s: %s ends and fires again", service.job, name)
			got[name] = fmt.Sprintf("%d-%d", first, last)
		}
		if service.want == nil {
			service.want = map[string]string{}
		}
		assert.Equal(t, service.want, got, service.job)
	}
}
