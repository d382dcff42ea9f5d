package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errPrivate says that a service is not on the public Internet.
var errPrivate = errors.New("is no public address, and allow_private_revocation is not set")

// Client goes where certificates send it: to public addresses, without a proxy, because where a proxy would go
// nobody here sees; or, when private is set, to any address and through the proxy of the environment
// (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), for a network of its own or a test.
func Client(private bool) *http.Client {
	if private {
		return http.DefaultClient
	}
	return public
}

// public looks at the address when it connects, after names were resolved: a name that leads elsewhere the second
// time helps nobody.
var public = &http.Client{Transport: &http.Transport{
	DialContext:         (&net.Dialer{Timeout: requestTimeout, ControlContext: onlyPublic}).DialContext,
	ForceAttemptHTTP2:   true,
	MaxIdleConns:        16,
	IdleConnTimeout:     time.Minute,
	TLSHandshakeTimeout: requestTimeout,
}}

func onlyPublic(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(to.Addr()) {
		return fmt.Errorf("%s %w", address, errPrivate)
	}
	return nil
}

// isPublic reports whether an address is one of the public Internet's: IPv4 but for what is set apart, and what is
// assigned of IPv6 (2000::/3) but for what is set apart in it (IANA special-purpose address registries, RFC 6890). An
// address that carries an IPv4 address is as public as that.
func isPublic(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if translated.Contains(a) {
		bytes := a.As16()
		a = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if a.Is6() && !assigned.Contains(a) {
		return false
	}
	for _, p := range apart {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsValid()
}

var (
	assigned   = netip.MustParsePrefix("2000::/3")     // so not ::1, fc00::/7, fe80::/10, fec0::/10, ff00::/8
	translated = netip.MustParsePrefix("64:ff9b::/96") // NAT64, RFC 6052
	apart      = prefixes(
		"0.0.0.0/8",       // this network
		"10.0.0.0/8",      // private, RFC 1918
		"100.64.0.0/10",   // behind carriers' NAT, RFC 6598
		"127.0.0.0/8",     // loopback
		"169.254.0.0/16",  // link-local, and the metadata of clouds
		"172.16.0.0/12",   // private
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // 6to4 relays
		"192.168.0.0/16",  // private
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"224.0.0.0/4",     // multicast
		"240.0.0.0/4",     // reserved, and broadcast
		"2001::/23",       // protocol assignments, Teredo among them
		"2001:db8::/32",   // documentation
		"2002::/16",       // 6to4: an IPv4 address that a relay chooses
		"3fff::/20",       // documentation
	)
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}
