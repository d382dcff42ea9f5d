package fetch

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Bounds of revocation lists.
const (
	MaxList  = 20 << 20  // bytes of one; a list of half a million entries
	maxLists = 32        // in memory
	keepList = time.Hour // without asking again, always within its own NextUpdate
)

// Lists are revocation lists in memory. A list that is due for renewal but cannot be fetched anew is used until its
// NextUpdate. The zero value is empty; it is safe for concurrent use and must not be copied after first use.
type Lists[T any] struct {
	mu   sync.Mutex
	kept map[string]keptList[T]
}

type keptList[T any] struct {
	list           T
	fetched, until time.Time
}

// Get returns the list at an address, of one issuer where a key of the issuer's is given. Read parses and verifies what
// was fetched and returns the list's dates. A list that cannot be read or is not in its dates never replaces one that is
// kept.
func (l *Lists[T]) Get(ctx context.Context, client *http.Client, address, issuer string, now time.Time,
	read func(body []byte) (list T, thisUpdate, nextUpdate time.Time, err error)) (T, error) {
	key := address + "\x00" + issuer
	l.mu.Lock()
	kept, found := l.kept[key]
	l.mu.Unlock()
	usable := found && now.Before(kept.until)
	if usable && now.Before(kept.fetched.Add(keepList)) {
		return kept.list, nil
	}
	var thisUpdate time.Time
	fresh := keptList[T]{fetched: now}
	body, err := Do(ctx, client, address, "", nil, MaxList)
	if err == nil {
		fresh.list, thisUpdate, fresh.until, err = read(body)
	}
	if err == nil {
		err = Current(now, thisUpdate, fresh.until)
	}
	if err != nil {
		if usable {
			return kept.list, nil
		}
		var none T
		return none, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil || len(l.kept) >= maxLists {
		l.kept = make(map[string]keptList[T])
	}
	l.kept[key] = fresh
	return fresh.list, nil
}
