package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/failure-enrichers/enricher/internal/redact"
)

// BenchmarkText measures an ordinary message, one with secrets, and a long text of one
// and of two sizes: the second must take twice the time of the first.
func BenchmarkText(b *testing.B) {
	plain := "run job 42: rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8443: connect: connection refused\"\n"
	secret := "POST https://api.example.com/v1/login?token=abc {\"user\":\"bob\",\"password\":\"hunter2\"}: 401, Authorization: Bearer abc, dial postgres://app:hunter2@db:5432/shop\n"
	for name, text := range map[string]string{"plain": plain, "secret": secret} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				redact.Text(text)
			}
		})
	}
	for _, times := range []int{32, 64} {
		text := strings.Repeat(plain+plain+secret, times)
		b.Run(fmt.Sprintf("long=%d", times), func(b *testing.B) {
			for b.Loop() {
				redact.Text(text)
			}
		})
	}
}
