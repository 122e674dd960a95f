package enrichernats

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"golang.org/x/time/rate"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire"
)

// Options are the options of Serve.
type Options struct {
	// Version is the version of the enricher, in the form of Semantic Versioning.
	// By default, "0.0.0".
	Version string

	// Slots is how many failures the enricher is called for at once. A call that
	// has not returned when its time is up keeps its slot until it does. By
	// default, 64; at most 1<<20.
	Slots int

	// Logger logs panics of the enricher with their stack. By default,
	// slog.Default().
	Logger *slog.Logger
}

const (
	defaultSlots = 64
	maxSlots     = 1 << 20

	// maxTime is the most time that a failure has, on both sides.
	maxTime = 10 * time.Minute
)

// Serve answers for fe under a name, such as the one that it is registered under, until
// the result is stopped or nc is closed. The name is letters, digits, '_' and '-', in
// parts that dots may separate. Serve does not wait for the network, and leaves nc and
// fe the caller's to close. It panics if nc or fe is nil.
//
// Failures that come while all slots are in use are answered with the code 503. While
// they are, the service leaves the queue group, so that failures go to other instances
// only; it comes back when a quarter of its slots is free. So an enricher that hangs
// costs a goroutine and the labels of one failure for each slot.
//
// The enricher has the time that the asking process has left, at most 10 minutes. It is
// given those labels that it reads. A panic is logged, once a minute, and answered as an
// error. Secrets in the texts of errors are masked.
//
// Stop of the result leaves the queue group, waits until what has been accepted is
// answered, its time is up, or nc is closed, and leaves nc open. Discovery and statistics are those of
// package micro, under the name enricher-NAME; the statistics of the endpoint info have
// the numbers of failures as their data.
func Serve(nc *nats.Conn, name string, fe enricher.FailureEnricher, o Options) (micro.Service, error) {
	if nc == nil || fe == nil {
		panic("enrichernats: Serve: the connection or the enricher is nil")
	}
	if err := checkName(name); err != nil {
		return nil, fmt.Errorf("enrichernats: Serve: name %w", err)
	}
	if o.Slots < 0 || o.Slots > maxSlots {
		return nil, fmt.Errorf("enrichernats: Serve: Slots %d: must be from 1 to %d, or 0 for %d", o.Slots, maxSlots, defaultSlots)
	}
	s := &service{
		nc: nc, subject: subject(name, "process"), fe: fe, slots: cmp.Or(o.Slots, defaultSlots),
		logger: cmp.Or(o.Logger, slog.Default()).With("enricher", name),
		panics: rate.Sometimes{First: 1, Interval: time.Minute},
		info:   wire.Info{V: wire.Version, Name: name, Version: cmp.Or(o.Version, "0.0.0"), OutputKeys: append([]string{}, fe.OutputKeys()...)},
	}
	s.less.L = &s.mu
	if reader, ok := fe.(enricher.LabelReader); ok {
		s.info.InputKeys = append([]string{}, reader.InputKeys()...)
	}
	svc, err := micro.AddService(nc, micro.Config{
		Name:         "enricher-" + strings.ReplaceAll(name, ".", "_"),
		Version:      s.info.Version,
		Description:  "Failure enricher " + name,
		Metadata:     map[string]string{"process": s.subject, "outputKeys": strings.Join(s.info.OutputKeys, ",")},
		StatsHandler: func(*micro.Endpoint) any { return s.statistics() },
	})
	if err != nil {
		return nil, fmt.Errorf("enrichernats: Serve: %w", err)
	}
	s.Service = svc
	err = svc.AddEndpoint("info", micro.HandlerFunc(func(r micro.Request) { _ = r.RespondJSON(s.info) }),
		micro.WithEndpointSubject(subject(name, "info")))
	if err == nil {
		s.mu.Lock()
		err = s.join()
		s.mu.Unlock()
	}
	if err != nil {
		_ = svc.Stop()
		return nil, fmt.Errorf("enrichernats: Serve: %w", err)
	}
	return s, nil
}

// A service is an enricher that is served. Its subscription to failures is not one of
// package micro, which has no way to leave a queue group and come back.
type service struct {
	micro.Service
	nc      *nats.Conn
	subject string // of failures
	fe      enricher.FailureEnricher
	info    wire.Info
	slots   int
	logger  *slog.Logger
	panics  rate.Sometimes // those that are logged

	mu      sync.Mutex
	less    sync.Cond          // open or pending has become less, or nc is closed
	current *nats.Subscription // nil: not in the queue group
	open    int                // subscriptions, those that are being drained included
	pending int                // failures that are not answered
	inUse   int                // slots
	stopped bool
	counts  counts
}

// counts are the statistics of a service.
type counts struct {
	Failures uint64 `json:"failures"` // that were answered, those below included
	Errors   uint64 `json:"errors"`   // with the codes 400, 500 and 504
	Busy     uint64 `json:"busy"`     // with the code 503
}

func (s *service) statistics() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return struct {
		Slots int `json:"slots"`
		InUse int `json:"inUse"`
		counts
	}{s.slots, s.inUse, s.counts}
}

// join joins the queue group if there are free slots. s.mu is held.
func (s *service) join() error {
	if s.stopped || s.current != nil || s.slots-s.inUse < max(1, s.slots/4) {
		return nil
	}
	sub, err := s.nc.QueueSubscribe(s.subject, micro.DefaultQueueGroup, s.handle)
	if err != nil {
		return err
	}
	s.current = sub
	s.open++
	sub.SetClosedHandler(func(string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		s.less.Broadcast()
	})
	return nil
}

// leave leaves the queue group. Failures that are on their way are still handled. s.mu
// is held.
func (s *service) leave() {
	if s.current != nil {
		_ = s.current.Drain() // fails if the connection is closed
		s.current = nil
	}
}

// handle handles a request. It does not wait: NATS calls it for one after another.
func (s *service) handle(msg *nats.Msg) {
	s.mu.Lock()
	free := s.inUse < s.slots
	if free {
		s.inUse++
		s.pending++
	}
	if s.inUse == s.slots {
		s.leave()
	}
	s.mu.Unlock()
	if !free {
		s.respond(msg, failed(codeBusy, fmt.Sprintf("all %d slots are in use", s.slots)))
		return
	}
	go func() {
		s.respond(msg, s.answer(msg.Data))
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pending--
		s.less.Broadcast()
	}()
}

// release frees a slot.
func (s *service) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse--
	_ = s.join() // fails if the connection is closed
}

// answer calls the enricher, and frees the slot when the call has returned, which may
// be later.
func (s *service) answer(data []byte) answer {
	f, err := wire.Decode(data)
	if err == nil && f.Cause() == nil {
		err = errors.New("it has no error")
	}
	if err != nil {
		s.release()
		return failed(codeUnreadable, err.Error())
	}
	ctx, cancel := context.WithTimeout(context.Background(), allowed(f.Deadline))
	defer cancel()
	done := make(chan answer, 1)
	go s.call(ctx, f, done)
	select {
	case a := <-done:
		return a
	case <-ctx.Done():
		return failed(codeTimeUp, "the enricher has not returned in time")
	}
}

// allowed returns the time for a failure.
func allowed(deadline time.Duration) time.Duration {
	if deadline <= 0 {
		return enricher.DefaultTimeout
	}
	return min(deadline, maxTime)
}

func (s *service) call(ctx context.Context, f *wire.Failure, done chan<- answer) {
	a := failed(codeFailed, "the enricher ended its goroutine")
	defer func() {
		if v := recover(); v != nil {
			a = s.panicked(enricher.Recovered(v))
		}
		s.release()
		done <- a
	}()
	labels, err := s.fe.ProcessFailure(ctx, f.Cause(), s.context(f))
	switch {
	case err == nil:
		a = answer{Answer: wire.Answer{Labels: forJSON(labels)}}
	case ctx.Err() != nil:
		a = failed(codeTimeUp, text(err))
	default:
		a = failed(codeFailed, text(err))
	}
}

// forJSON returns labels with a control character in place of invalid UTF-8, which JSON
// cannot have. So the asking process drops such a label and reports it.
func forJSON(labels enricher.Labels) enricher.Labels {
	labels = labels.Clone()
	for key, value := range labels {
		labels[key] = strings.ToValidUTF8(value, "\x00")
	}
	return labels
}

func (s *service) panicked(err *enricher.PanicError) answer {
	message := text(err)
	s.panics.Do(func() {
		s.logger.Error("Failure enricher panicked", slog.String("error", message), slog.String("stack", err.Stack()))
	})
	return failed(codeFailed, message)
}

// context returns the FailureContext with the labels that the enricher reads.
func (s *service) context(f *wire.Failure) enricher.FailureContext {
	fc := f.Context()
	switch {
	case s.info.InputKeys == nil:
		fc.Labels = nil
	case !slices.Contains(s.info.InputKeys, "*"):
		fc.Labels = only(fc.Labels, s.info.InputKeys)
	}
	return fc
}

// text returns the text of an error, without secrets.
func text(err error) string { return redact.Text(enricher.Text(err)) }

func (s *service) respond(msg *nats.Msg, a answer) {
	data, _ := json.Marshal(a)
	if limit := s.nc.MaxPayload(); int64(len(data)) > limit {
		a = failed(codeFailed, fmt.Sprintf("the answer has %d bytes, and the NATS server accepts %d", len(data), limit))
		data, _ = json.Marshal(a)
	}
	s.mu.Lock()
	s.counts.add(a.code)
	s.mu.Unlock()
	reply := &nats.Msg{Data: data}
	if a.code != "" {
		reply.Header = nats.Header{micro.ErrorCodeHeader: {a.code}, micro.ErrorHeader: {descriptions[a.code]}}
	}
	_ = msg.RespondMsg(reply) // fails if the connection is closed
}

func (c *counts) add(code string) {
	c.Failures++
	switch code {
	case "":
	case codeBusy:
		c.Busy++
	default:
		c.Errors++
	}
}

// Stop stops the service, as [Serve] says.
func (s *service) Stop() error {
	err := s.Service.Stop() // first, so that clients do not wait for an instance that is full
	closed := s.nc.StatusChanged(nats.CLOSED)
	defer s.nc.RemoveStatusListener(closed) // which closes it
	go func() {
		<-closed
		s.mu.Lock()
		defer s.mu.Unlock()
		s.less.Broadcast()
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	s.leave()
	for s.open+s.pending > 0 && !s.nc.IsClosed() {
		s.less.Wait()
	}
	return err
}
