package inbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// errNoText says that a mail has no part to read.
var errNoText = errors.New("no text in the mail")

// maxDepth bounds parts within parts.
const maxDepth = 8

// parseMail returns a mail's subject and its text as a person would read it: the plain part where
// there is one, else the HTML part without its markup.
func parseMail(raw []byte) (subject, text string, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", "", fmt.Errorf("reading the header of a mail: %w", err)
	}
	words := mime.WordDecoder{CharsetReader: decodeCharset}
	subject, err = words.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return "", "", fmt.Errorf("decoding the subject of a mail: %w", err)
	}
	text, _, err = readPart(textproto.MIMEHeader(m.Header), m.Body, maxDepth)
	if err != nil {
		return "", "", err
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.ToValidUTF8(subject, "\uFFFD"), strings.TrimRight(strings.ToValidUTF8(text, "\uFFFD"), "\n"), nil
}

// readPart returns the text of one part and whether it was plain.
func readPart(header textproto.MIMEHeader, body io.Reader, depth int) (text string, plain bool, err error) {
	contentType := header.Get("Content-Type")
	if contentType == "" {
		contentType = "text/plain; charset=us-ascii" // RFC 2045 §5.2
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", false, fmt.Errorf("reading the type of a mail's part: %w", err)
	}
	switch {
	case depth == 0:
		return "", false, fmt.Errorf("parts within parts: %w", errNoText)
	case strings.HasPrefix(kind, "multipart/"):
		return readParts(multipart.NewReader(body, parameters["boundary"]), depth)
	case kind != "text/plain" && kind != "text/html":
		return "", false, errNoText
	}
	decoded, err := decodeCharset(parameters["charset"], decodeTransfer(header.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		return "", false, err
	}
	content, err := io.ReadAll(decoded)
	if err != nil {
		return "", false, fmt.Errorf("reading a mail's part: %w", err)
	}
	if kind == "text/html" {
		return withoutMarkup(string(content)), false, nil
	}
	return string(content), true, nil
}

// readParts returns the first plain text of several parts, or else the first text. NextRawPart keeps
// the transfer encoding for decodeTransfer: NextPart would hide that it had been quoted-printable.
func readParts(parts *multipart.Reader, depth int) (text string, plain bool, err error) {
	found := false
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", false, fmt.Errorf("reading a mail's parts: %w", err)
		}
		candidate, isPlain, err := readPart(part.Header, part, depth-1)
		if errors.Is(err, errNoText) {
			continue
		}
		if err != nil {
			return "", false, err
		}
		if isPlain {
			return candidate, true, nil
		}
		if !found {
			text, found = candidate, true
		}
	}
	if !found {
		return "", false, errNoText
	}
	return text, false, nil
}

func decodeTransfer(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	default: // 7bit, 8bit, binary
		return body
	}
}

func decodeCharset(charset string, r io.Reader) (io.Reader, error) {
	if charset == "" {
		return r, nil
	}
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return nil, fmt.Errorf("mail in a character set that is not known: %w", err)
	}
	return encoding.NewDecoder().Reader(r), nil
}

var (
	hidden = regexp.MustCompile(`(?is)<(style|script|head)\b.*?</(style|script|head)\s*>`)
	breaks = regexp.MustCompile(`(?i)<(br|/p|/div|/tr|/h[1-6])\b[^>]*>`)
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
	blanks = regexp.MustCompile(`[ \t\r\n]+`)
	lines  = regexp.MustCompile(` *\n[ \n]*`)
)

// withoutMarkup is a mail reader's "show as text": enough for a test bench, not a browser.
func withoutMarkup(page string) string {
	page = hidden.ReplaceAllString(page, "")
	page = blanks.ReplaceAllString(page, " ")
	page = breaks.ReplaceAllString(page, "\n")
	page = tags.ReplaceAllString(page, "")
	return strings.TrimSpace(lines.ReplaceAllString(html.UnescapeString(page), "\n"))
}
