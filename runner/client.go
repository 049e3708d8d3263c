package runner

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tend/journal"
)

// Client talks to the process of one run.
type Client struct{ path string }

// News is a question that opened, or the ID of one that closed.
type News struct {
	Question *Question
	Closed   int
}

// ErrGone says that no process is carrying the run out: it has ended, or it was killed and can be resumed.
var ErrGone = errors.New("no process is carrying this run out")

// SocketPath is where the process of run listens, for the journal in journalDir. The name carries a mark of the journal, so that
// runs of two journals never meet, and is short: a unix socket's path has about 100 bytes.
func SocketPath(runtimeDir, journalDir string, run journal.RunID) string {
	return filepath.Join(runtimeDir, mark(journalDir)+"-"+string(run)+".sock")
}

func mark(journalDir string) string {
	sum := sha256.Sum256([]byte(filepath.Clean(journalDir)))
	return hex.EncodeToString(sum[:4])
}

// Dial returns the client of a run. Nothing is sent yet.
func Dial(runtimeDir, journalDir string, run journal.RunID) *Client {
	return &Client{path: SocketPath(runtimeDir, journalDir, run)}
}

// Alive lists the runs of journalDir whose process answers, oldest first.
func Alive(ctx context.Context, runtimeDir, journalDir string) ([]journal.RunID, error) {
	names, err := filepath.Glob(filepath.Join(runtimeDir, mark(journalDir)+"-*.sock"))
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		if err := owned(runtimeDir); err != nil {
			return nil, fmt.Errorf("run's socket: %w", err)
		}
	}
	var runs []journal.RunID
	for _, path := range names {
		rep, err := (&Client{path: path}).call(ctx, request{Do: "who"})
		switch {
		case err == nil:
			runs = append(runs, rep.Run)
		case errors.Is(err, ErrGone):
			sweep(ctx, path)
		}
	}
	return runs, nil
}

// PID asks for the process's number.
func (c *Client) PID(ctx context.Context) (int, error) {
	rep, err := c.call(ctx, request{Do: "who"})
	return rep.PID, err
}

// Decide hands a decision to the run. It returns nil once the decision counts and is durable; a *journal.TooLate says that it does not
// count, and whose does.
func (c *Client) Decide(ctx context.Context, d journal.Decided) error {
	_, err := c.call(ctx, request{Do: "decide", Decided: &d})
	return err
}

// Answer answers a question, or declines it.
func (c *Client) Answer(ctx context.Context, id int, answer string, ok bool) error {
	_, err := c.call(ctx, request{Do: "answer", ID: id, Answer: answer, OK: ok})
	return err
}

// Questions yields the open questions and then what comes, until the run's process ends (no error) or ctx does.
func (c *Client) Questions(ctx context.Context) iter.Seq2[News, error] {
	return func(yield func(News, error) bool) {
		conn, err := c.dial(ctx)
		if err != nil {
			yield(News{}, err)
			return
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		if err := json.NewEncoder(conn).Encode(request{Do: "questions"}); err != nil {
			yield(News{}, gone(ctx, err))
			return
		}
		in := bufio.NewScanner(conn)
		in.Buffer(nil, maxLine)
		for in.Scan() {
			var r reply
			if err := json.Unmarshal(in.Bytes(), &r); err != nil {
				yield(News{}, err)
				return
			}
			if !yield(News{Question: r.Question, Closed: r.Closed}, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(News{}, ctx.Err())
		}
	}
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	if err := owned(filepath.Dir(c.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run's socket: %w", err)
	}
	d := net.Dialer{Timeout: 2 * time.Second}
	conn, err := d.DialContext(ctx, "unix", c.path)
	if err != nil {
		return nil, gone(ctx, err)
	}
	return conn, nil
}

// gone says what a process that could not be spoken to means: that it is no more, unless it was the caller who broke off.
func gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w (%w)", ErrGone, err)
}

func (c *Client) call(ctx context.Context, r request) (reply, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return reply{}, gone(ctx, err)
	}
	in := bufio.NewScanner(conn)
	in.Buffer(nil, maxLine)
	if !in.Scan() {
		switch err := in.Err(); {
		case ctx.Err() != nil:
			return reply{}, ctx.Err()
		case err != nil && !errors.Is(err, unix.ECONNRESET): // which says that it went with our question unread
			return reply{}, fmt.Errorf("the run's process did not answer: %w", err)
		}
		return reply{}, ErrGone
	}
	var rep reply
	if err := json.Unmarshal(in.Bytes(), &rep); err != nil {
		return reply{}, err
	}
	if rep.Late != nil {
		return rep, rep.Late
	}
	if rep.Error != "" {
		return rep, errors.New(rep.Error)
	}
	return rep, nil
}
