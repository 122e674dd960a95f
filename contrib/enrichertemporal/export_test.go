package enrichertemporal

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/interceptor"
)

// What is no failure.
var (
	Interrupted = interrupted
	IsNoFailure = isNoFailure
)

// SetAttributes sets what i looks search attributes up with: in the SDK's test
// environment, activities have no client.
func SetAttributes(i interceptor.WorkerInterceptor, lookUp func(ctx context.Context, namespace string) (map[string]enumspb.IndexedValueType, error)) {
	i.(*adapter).attributes = lookUp
}
