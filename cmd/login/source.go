package main

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"balcao/kiosk/login"
)

// sources are from where requests come, as the centre's watch counts them: a network (/24, or /48), hashed under a key that
// the database has not, another each day.
type sources struct {
	key     []byte
	proxies []netip.Prefix
}

func newSources(pepper []byte, proxies []netip.Prefix) (*sources, error) {
	key, err := hkdf.Key(sha256.New, pepper, nil, "balcao source of a sign-in v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of sources: %w", err)
	}
	return &sources{key, proxies}, nil
}

// address is the client's: of what a trusted proxy says the last that is no such proxy itself.
func (s *sources) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap()
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0 && s.trusted(address); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		address = next.Unmap()
	}
	return address
}

func (s *sources) trusted(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// of is what the centre is told of where a request comes from.
func (s *sources) of(r *http.Request) []byte {
	address := s.address(r)
	bits := 24
	if address.Is6() {
		bits = 48
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return nil
	}
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(time.Now().UTC().Format(time.DateOnly) + " " + network.String()))
	return mac.Sum(nil)
}

// tell has what answers know where a request comes from.
func (s *sources) tell(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(login.WithSource(r.Context(), s.of(r))))
	})
}
