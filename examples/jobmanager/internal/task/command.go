package task

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A Command runs a program. It fails if the program is not installed
// ([*exec.Error]), exits with another status than 0 or is killed
// ([*exec.ExitError]).
type Command struct {
	Args []string // the program and its arguments; at least one
}

func (c Command) String() string { return "command " + filepath.Base(c.Args[0]) }

// Run runs the program, and kills it when ctx ends. Its last line of output is
// the summary.
func (c Command) Run(ctx context.Context) (string, error) {
	path, err := exec.LookPath(c.Args[0])
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, c.Args[1:]...)
	// A child of the program may keep the output open after the program was killed.
	cmd.WaitDelay = 500 * time.Millisecond
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if line := out.lastLine(); line != "" {
			return "", fmt.Errorf("%w: %s", err, line)
		}
		return "", err
	}
	return out.lastLine(), nil
}

// A tail keeps the end of what is written to it.
type tail []byte

const maxTail = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p[max(0, len(p)-maxTail):]...)
	*t = append((*t)[:0], (*t)[max(0, len(*t)-maxTail):]...)
	return len(p), nil
}

func (t *tail) lastLine() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(*t), "\uFFFD"))
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
