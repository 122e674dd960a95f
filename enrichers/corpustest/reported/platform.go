package reported

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/segmentio/kafka-go"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	k8sexec "k8s.io/client-go/util/exec"
)

var platform = []Failure{
	{"k8s/conflict", func() error {
		return fmt.Errorf("update status: %w", apierrors.NewConflict(schema.GroupResource{Group: "platform.kratix.io", Resource: "promises"}, "bashb398b", errors.New("the object has been modified; please apply your changes to the latest version and try again")))
	}},
	{"k8s/eviction-budget", func() error {
		return fmt.Errorf("drain node: %w", apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10))
	}},
	{"k8s/exec-137", func() error {
		return fmt.Errorf("run step: %w", k8sexec.CodeExitError{Err: errors.New("command terminated with exit code 137"), Code: 137})
	}},
	{"ggcr/429", func() error {
		resp := response(429, nil, `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit"}]}`)
		resp.Request = httptest.NewRequest("GET", "https://index.docker.io/v2/library/rust/manifests/latest", nil)
		return fmt.Errorf("pull base image: %w", ggcr.CheckError(resp, 200))
	}},
	{"grpc/message-too-large", func() error {
		return fmt.Errorf("complete task: %w", status.Error(codes.ResourceExhausted, "grpc: received message larger than max (10248653 vs. 4194304)"))
	}},
	{"grpc/retry-info", func() error {
		st, err := status.New(codes.ResourceExhausted, "You exceeded your current quota. Please retry in 53.016342224s.").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(53 * time.Second)})
		if err != nil {
			return nil
		}
		return fmt.Errorf("generate: %w", st.Err())
	}},
	{"grpc/client-closing", func() error {
		return fmt.Errorf("send request: %w", status.Error(codes.Canceled, "grpc: the client connection is closing"))
	}},
	{"git/repository-not-found", func() error {
		return fmt.Errorf("unable to clone 'https://gitlab.example.com/org/repo': %w", transport.ErrRepositoryNotFound)
	}},
	{"google/forbidden-403", func() error {
		return fmt.Errorf("start query job: %w", google(403, "accessDenied", "Access Denied: Project acme: User does not have bigquery.jobs.create permission in project acme."))
	}},
	{"k8s/forbidden-rbac", func() error {
		return fmt.Errorf("create job: %w", apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, "import", errors.New(`User "system:serviceaccount:ops:runner" cannot create resource "jobs" in API group "batch" in the namespace "prod"`)))
	}},
	{"mongo/duplicate-key", func() error {
		return fmt.Errorf("insert job: %w", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000, Message: `E11000 duplicate key error collection: amboy.jobs index: _id_ dup key: { _id: "import-7" }`}}})
	}},
	{"kafka-go/message-too-large", func() error { return fmt.Errorf("write: %w", kafka.MessageSizeTooLarge) }},
	{"azure/bad-request", func() error {
		return fmt.Errorf("create key vault: %w", azure(400, map[string]string{"x-ms-error-code": "BadRequest"}, `{"error":{"code":"BadRequest","message":"An invalid value was provided for 'accessPolicies'."}}`))
	}},
}
