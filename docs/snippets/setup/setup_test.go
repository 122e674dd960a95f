package setup

import (
	"context"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

func TestServeVetoesWrongInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which labels have all the time that they need
		err := serve(t.Context(), func(ctx context.Context, l jobs.Labeler) error {
			for cause, terminal := range map[error]bool{fs.ErrNotExist: true, io.ErrUnexpectedEOF: false} {
				v := jobs.Judge(ctx, l, jobs.Options{}, cause, enricher.FailureContext{})
				assert.Equal(t, terminal, v.Terminal, cause)
			}
			return nil
		})
		require.NoError(t, err)
	})
}
