package file_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/internal/file"
)

func TestReadTakesRegularFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o600))
	data, err := file.Read(path, 3)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(data))

	_, err = file.Read(path, 2)
	assert.EqualError(t, err, "must have at most 2 bytes")
	_, err = file.Read(dir, 3)
	assert.EqualError(t, err, "must be a file, not a directory")
	_, err = file.Read(path+"s3cret", 3)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotContains(t, err.Error(), "s3cret")
}

func TestNameHidesWhatIsNoName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"NOPE", "X", "WHURL", "SLACK_WEBHOOK_URL", "_CHAT_TOKEN", "slack_url", "DB2_HOST", "OAUTH2_TOKEN", "S3_BUCKET", "K8S_X509_CERT", "i18n", "s3_bucket", "region",
		"OWNERS", "Owners", "conf-v2", "on call", "JOBMANAGER__WEBHOOK__URL", "IDENTIFIERS_OF_UP_TO_SIXTY_FOUR_CHARACTERS_ARE_SHOWN_AS_THEY_ARE",
	} {
		assert.Equal(t, name, file.Name(name))
	}
	for _, secret := range []string{
		"", "hunter2", "s3cret", "Pa55w0rd", "0123456789abcdef", "123456", "a1b2-c3d4", "abcDEF123xyz890", "wJalrXUtnFEMI", "AKIAIOSFODNN7EXAMPLE", "xoxb-123-abc",
		"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "a=b", "https://x", "a\nb",
		strings.Repeat("ABCD_", 13), strings.Repeat("a", 25), "glpat-XyZabcDEFghiJKL",
	} {
		assert.Equal(t, "(hidden)", file.Name(secret), secret)
	}
	assert.Equal(t, `"text/plain"`, file.Quote("text/plain"))
	assert.Equal(t, `""`, file.Quote(""))
	assert.Equal(t, "(hidden)", file.Quote("Bearer s3cret"))
}

func TestPlaceHidesWhatIsNoPath(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for _, path := range []string{"rules.json", "conf.d/rules", "./x", "x", "OWNERS", "configs/prod-eu/owners", "run/secrets/slack", "a1b2c3d4/owners.txt"} {
		assert.Equal(t, filepath.Join(dir, path), file.Place(path))
	}
	assert.Equal(t, "/etc/rules", file.Place("/etc/../etc/rules"))
	for _, secret := range []string{"xoxb-123-abc", "AKIAIOSFODNN7EXAMPLE", "https://hooks.example/T0/B0/x", "a/b+c=", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "T00000000/B00000000/XXXXsecret", "eyJhbGci.eyJzdWIi.SflKxwRJSM"} {
		assert.NotContains(t, file.Place(secret), secret)
		assert.Contains(t, file.Place(secret), "(hidden)")
	}
	for _, given := range []string{"https://u:s3cret@h/x", "xoxb-s3cret-1/", "./xoxb-s3cret-1/../x", "../xoxb-s3cret-1/x", "a//s3cret"} {
		assert.Equal(t, filepath.Join(dir, "(hidden)"), file.Place(given), given)
	}
	assert.Equal(t, "(hidden)", file.Place("/x//s3cret"))
}
