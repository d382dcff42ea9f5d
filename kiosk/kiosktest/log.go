package kiosktest

import (
	"bytes"
	"strings"
	"sync"
)

// Log is what was logged, by several goroutines. The zero value is ready.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it until now.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Holds reports whether all that was logged has the secret in it.
func (l *Log) Holds(secret string) bool { return Holds(l.String(), secret) }

// Holds reports whether text has a secret in it, which is not empty. Digits within a longer number do not count: a time in
// nanoseconds has any six digits now and then.
func Holds(text, secret string) bool {
	digit := func(text string, i int) bool { return i >= 0 && i < len(text) && '0' <= text[i] && text[i] <= '9' }
	first, last := digit(secret, 0), digit(secret, len(secret)-1)
	for from := 0; ; {
		i := strings.Index(text[from:], secret)
		if i < 0 {
			return false
		}
		i += from
		if !(first && digit(text, i-1)) && !(last && digit(text, i+len(secret))) {
			return true
		}
		from = i + 1
	}
}

// Clear forgets what was logged.
func (l *Log) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = bytes.Buffer{}
}
