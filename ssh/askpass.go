package ssh

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// askpass is the Prompter of a process without a terminal: the program that SSH_ASKPASS names, as ssh(1) describes it. nil where
// there is none, or where SSH_ASKPASS_REQUIRE=never.
func askpass(getenv func(string) string) Prompter {
	program, require := getenv("SSH_ASKPASS"), getenv("SSH_ASKPASS_REQUIRE")
	if program == "" || require == "never" {
		return nil
	}
	if require != "force" && require != "prefer" && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return nil
	}
	return askpassPrompter{program}
}

type askpassPrompter struct{ program string }

func (a askpassPrompter) Prompt(ctx context.Context, q Question) (string, error) {
	hint := map[QuestionKind]string{AskHostKey: "confirm", AskTouch: "none"}[q.Kind]
	text := q.Text
	if q.Note != "" {
		text = q.Note + "\n" + text
	}
	cmd := exec.CommandContext(ctx, a.program, text+": ")
	cmd.Env = os.Environ()
	if hint != "" {
		cmd.Env = append(cmd.Env, "SSH_ASKPASS_PROMPT="+hint)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w (%s: %w)", ErrDeclined, a.program, err)
	}
	answer, _, _ := strings.Cut(out.String(), "\n")
	if q.Kind == AskHostKey && answer == "" {
		answer = "yes" // "confirm": the exit status is the answer
	}
	return strings.TrimSuffix(answer, "\r"), nil
}
