package main

import (
	"net/http"
	"sync"
	"time"

	"balcao/kiosk/login"
)

// limit is how many visits may begin from one network within a minute, at this instance: each keeps a row for a quarter of
// an hour, whoever asks.
type limit struct {
	most int
	busy func(http.ResponseWriter, *http.Request, error)

	mu     sync.Mutex
	minute time.Time
	begun  map[string]int
}

// mostNetworks bounds what is remembered: networks that come later in such a minute are not counted.
const mostNetworks = 1 << 16

func (l *limit) allows(source []byte, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now = now.Truncate(time.Minute); now != l.minute {
		l.minute, l.begun = now, map[string]int{}
	}
	n, known := l.begun[string(source)]
	if !known && len(l.begun) >= mostNetworks {
		return true
	}
	l.begun[string(source)] = n + 1
	return n < l.most
}

// of has a network that began too many come again later.
func (l *limit) of(from *sources, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.allows(from.of(r), time.Now()) {
			l.busy(w, r, login.ErrBusy)
			return
		}
		next.ServeHTTP(w, r)
	})
}
