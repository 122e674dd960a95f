package enricherk8s

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

const (
	writeTimeout = 5 * time.Second
	maxMessage   = 32 << 10 // bytes of the message of a condition
	maxNote      = 1024     // bytes of the note of an event
)

// failed writes the condition and the event of a failure, if they say something new:
// each write to the status may start the next reconciliation.
func (a *adapter) failed(ctx context.Context, req reconcile.Request, cause error, v jobs.Verdict) {
	if len(v.Result.Labels) == 0 || a.options.Client == nil {
		return
	}
	labels := redact.Map(v.Result.Labels)
	lasting := enricher.Labels(maps.Clone(labels))
	delete(lasting, enricher.KeyRetryAfter)
	reason := ReasonFailed
	if v.Terminal {
		reason = ReasonTerminal
	}
	message := cut(lasting.String(), maxMessage)
	a.write(ctx, func(ctx context.Context) error {
		obj, err := a.object(ctx, req)
		if obj == nil {
			return err
		}
		says, generation := reason+message, obj.GetGeneration()
		was := a.limiter.change(req, func(*state) {})
		known := was.event == says
		if a.options.Conditions != nil && (was.condition != says || was.generation != generation) {
			var changed bool
			changed, err = a.setCondition(ctx, req, reason, message)
			if err == nil {
				a.limiter.change(req, func(s *state) { s.condition, s.generation = says, generation })
				known = known || !changed
			}
		}
		a.limiter.change(req, func(s *state) { s.event = says })
		if a.options.Events != nil && !known {
			a.record(obj, cause, labels, reason, v.Expected)
		}
		return err
	})
}

// succeeded removes the condition.
func (a *adapter) succeeded(ctx context.Context, req reconcile.Request) {
	a.limiter.change(req, func(s *state) { *s = state{} }) // the queue may add the request again, and not Forget it
	if a.options.Conditions == nil {
		return
	}
	a.write(ctx, func(ctx context.Context) error {
		_, err := a.updateConditions(ctx, req, func(_ client.Object, conditions *[]metav1.Condition) bool {
			return meta.RemoveStatusCondition(conditions, ConditionType)
		})
		return err
	})
}

// write calls fn, and logs its error. ctx may be over, as that of a timeout is.
func (a *adapter) write(ctx context.Context, fn func(context.Context) error) {
	var err error
	defer func() {
		if v := recover(); v != nil { // of the user's functions
			err = enricher.Recovered(v)
		}
		if err != nil {
			slog.New(logr.ToSlogHandler(log.FromContext(ctx))).Warn("Could not write the labels of a failure", "error", redact.Text(enricher.Text(err)))
		}
	}()
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err = fn(within)
}

var errNoConditions = errors.New("enricherk8s: Options.Conditions returned nil")

func (a *adapter) setCondition(ctx context.Context, req reconcile.Request, reason, message string) (changed bool, err error) {
	return a.updateConditions(ctx, req, func(obj client.Object, conditions *[]metav1.Condition) bool {
		return meta.SetStatusCondition(conditions, metav1.Condition{
			Type: ConditionType, Status: metav1.ConditionTrue, Reason: reason, Message: message,
			ObservedGeneration: obj.GetGeneration(),
		})
	})
}

// updateConditions changes the conditions of the object, if it exists and change
// reports that it has changed them. A patch replaces them all, and the cache may be
// older than what the reconciler has just written: hence the lock, and several tries.
func (a *adapter) updateConditions(ctx context.Context, req reconcile.Request, change func(client.Object, *[]metav1.Condition) bool) (changed bool, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		obj, err := a.object(ctx, req)
		if obj == nil {
			return err
		}
		before := obj.DeepCopyObject().(client.Object)
		conditions := a.options.Conditions(obj)
		if conditions == nil {
			return errNoConditions
		}
		if changed = change(obj, conditions); !changed {
			return nil
		}
		return a.options.Client.Status().Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	})
	return changed, err
}

// object returns the object of a request, or nil if there is none.
func (a *adapter) object(ctx context.Context, req reconcile.Request) (client.Object, error) {
	obj := a.options.New()
	err := a.options.Client.Get(ctx, req.NamespacedName, obj)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return obj, nil
}

func (a *adapter) record(obj client.Object, cause error, labels enricher.Labels, reason string, expected bool) {
	annotations := map[string]string{}
	for key, value := range labels {
		if name := a.options.Prefix + key; len(validation.IsQualifiedName(name)) == 0 {
			annotations[name] = value
		}
	}
	eventType := corev1.EventTypeWarning
	if expected {
		eventType = corev1.EventTypeNormal
	}
	end := cut(fmt.Sprintf(" [%s]", labels), maxNote/2)
	note := cut(redact.Text(enricher.Text(cause)), maxNote-len(end)) + end
	a.options.Events.AnnotatedEventf(obj, nil, annotations, eventType, reason, "Reconcile", "%s", note)
}

// cut returns at most limit bytes of a text, as valid UTF-8.
func cut(text string, limit int) string {
	const more = "…"
	text = strings.ToValidUTF8(text, "?")
	if len(text) <= limit {
		return text
	}
	end := limit - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}
