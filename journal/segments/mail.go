package segments

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// mailDepth is how deep mails may stand in mails.
const mailDepth = 8

// Mailed gives the texts of a mail as it lies in a mailbox: its parts, taken out of what they were wrapped in on their way (RFC 2045's
// quoted-printable and base64), attached ones and mails in mails as well, one after the other. Of what is no mail, or has no such part, it
// is the text itself. That gives nothing away: what a signature is held against is what is read out of it.
func Mailed(text string) string {
	m, err := mail.ReadMessage(strings.NewReader(withoutEnvelope(text)))
	if err != nil || m.Header.Get("Content-Type") == "" && m.Header.Get("Content-Transfer-Encoding") == "" {
		return text
	}
	var b strings.Builder
	readPart(&b, m.Header.Get, m.Body, mailDepth)
	return b.String() + "\n" + text
}

// withoutEnvelope leaves out mbox's line, and empty lines before the head.
func withoutEnvelope(text string) string {
	text = strings.TrimLeft(text, "\r\n")
	if strings.HasPrefix(text, "From ") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// readPart adds the texts of one part, and of the parts within it. What cannot be read any further is what came before.
func readPart(b *strings.Builder, head func(string) string, body io.Reader, depth int) {
	if depth == 0 {
		return
	}
	switch strings.ToLower(strings.TrimSpace(head("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body) // leaves CR and LF out
	}
	kind, params, err := mime.ParseMediaType(head("Content-Type"))
	switch {
	case err == nil && strings.HasPrefix(kind, "multipart/"):
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err != nil {
				return
			}
			readPart(b, p.Header.Get, p, depth-1)
		}
	case err == nil && kind == "message/rfc822":
		if m, err := mail.ReadMessage(body); err == nil {
			readPart(b, m.Header.Get, m.Body, depth-1)
		}
	default:
		_, _ = io.Copy(b, body)
		b.WriteByte('\n')
	}
}
