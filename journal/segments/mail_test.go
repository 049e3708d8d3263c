package segments_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"

	"tend/journal/segments"
)

// The mails are as mailers write them (RFC 2045, 2046 and 5322), by other code than what reads them.

// quotedPrintable writes a text with = and what is no ASCII escaped, and lines broken so that they have 76 characters at most.
func quotedPrintable(s string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		n := 0
		for i := range len(line) {
			c := string(line[i])
			if line[i] == '=' || line[i] >= 0x7f {
				c = fmt.Sprintf("=%02X", line[i])
			}
			if n+len(c) > 75 {
				out.WriteString("=\r\n")
				n = 0
			}
			out.WriteString(c)
			n += len(c)
		}
		out.WriteString("\r\n")
	}
	return out.String()
}

func base64Lines(s string) string {
	all := base64.StdEncoding.EncodeToString([]byte(s))
	var out strings.Builder
	for len(all) > 76 {
		out.WriteString(all[:76] + "\r\n")
		all = all[76:]
	}
	return out.String() + all + "\r\n"
}

func mailOf(head, body string) string {
	return "Return-Path: <kim@example.net>\r\nReceived: from mx.example.net (mx.example.net [192.0.2.7])\r\n\tby mail.example.org; Mon, 30 Nov 2026 10:00:00 +0000\r\n" +
		"From: Kim <kim@example.net>\r\nSubject: =?utf-8?q?f=C3=BCr_die_Akten?=\r\nMIME-Version: 1.0\r\n" + head + "\r\n\r\n" + body
}

// mailed are the forms in which a seal lies in a mailbox.
var mailed = map[string]func(string) string{
	"quoted-printable": func(s string) string {
		return mailOf("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", quotedPrintable("Grüße,\n\n"+s+"\n-- \nKim"))
	},
	"base64": func(s string) string {
		return mailOf("Content-Type: text/plain;\r\n charset=\"utf-8\"\r\nContent-Transfer-Encoding: BASE64", base64Lines("Grüße,\r\n"+strings.ReplaceAll(s, "\n", "\r\n")))
	},
	"an answer in an mbox": func(s string) string {
		return "From kim@example.net Mon Nov 30 10:00:00 2026\n" + strings.ReplaceAll(mailOf("Content-Type: multipart/alternative; boundary=\"=_b1\"",
			"This is a multi-part message in MIME format.\r\n--=_b1\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"+
				quotedPrintable("yes\n\nOn Monday ops wrote:\n> "+strings.ReplaceAll(s, "\n", "\n> "))+
				"\r\n--=_b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64Lines("<p>yes</p>")+"\r\n--=_b1--\r\n"), "\r\n", "\n")
	},
	"two attachments": func(s string) string {
		i := strings.Index(s, "-----BEGIN")
		return mailOf("Content-Type: multipart/mixed; boundary=b2", "--b2\r\nContent-Type: text/plain\r\n\r\nthe seal is attached\r\n"+
			"--b2\r\nContent-Type: text/plain; name=seal.txt\r\nContent-Disposition: attachment; filename=seal.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64Lines(s[:i])+
			"--b2\r\nContent-Type: application/octet-stream; name=seal.txt.sig\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64Lines(s[i:])+"--b2--\r\n")
	},
	"forwarded whole": func(s string) string {
		inner := mailOf("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", quotedPrintable(s))
		return mailOf("Content-Type: multipart/mixed; boundary=b3", "--b3\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--b3\r\nContent-Type: message/rfc822\r\n\r\n"+inner+"\r\n--b3--\r\n")
	},
	"cut off": func(s string) string { // within the last part, as by a limit of size
		return mailOf("Content-Type: multipart/mixed; boundary=b4", "--b4\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"+quotedPrintable(s)+
			"\r\n--b4\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGg")
	},
	"plain": func(s string) string { return mailOf("Content-Type: text/plain", s) },
}

func init() { maps.Copy(mangled, mailed) }

// TestMailsAreNeeded: what the mails are made of cannot be read without taking it out, but for one.
func TestMailsAreNeeded(t *testing.T) {
	h := strings.Repeat("0a", 32)
	st, err := segments.ParseStatement("tend journal seal 1\norigin ops@console1\ntime 2026-11-22T22:13:00Z\nr1 1 " + h + "\n")
	do(t, err)
	for name, mail := range mailed {
		text := mail(st.String() + segments.SSHSignature{PublicKey: []byte("k"), Namespace: "n", Hash: "sha512", Signature: make([]byte, 90)}.Armor())
		raw, err := segments.ParseStatement(text)
		_, bad := segments.ParseSSHSignature(segments.Unquote(text))
		if whole := err == nil && bad == nil && raw.String() == st.String(); whole != (name == "plain") {
			t.Errorf("%s: reads without being taken out: %v", name, whole)
		}
	}
}

// FuzzMailed: no mail is too odd, and what is none comes back as it is.
func FuzzMailed(f *testing.F) {
	for _, mail := range mailed {
		f.Add(mail("tend journal seal 1\n-----BEGIN SSH SIGNATURE-----\n"))
	}
	f.Add("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := segments.Mailed(text); !strings.HasSuffix(got, text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
