package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
)

// trustHost is where a desk asks whether a certificate was revoked.
type trustHost struct {
	Host string `json:"host"` // host:port
	Of   string `json:"of"`   // "citizen card", or a State's code
	For  string `json:"for"`  // OCSP or CRL
}

// holderHosts are named by the certificates on the citizens' cards themselves, which no trust folder has: the two
// generations of the authentication CAs', OCSP first.
var holderHosts = []trustHost{
	{"ocsp.auc.cartaodecidadao.pt:80", citizenCard, trust.MethodOCSP}, {"pki.cartaodecidadao.pt:80", citizenCard, trust.MethodCRL},
	{"ocsp.auc.pki2.cartaodecidadao.pt:80", citizenCard, trust.MethodOCSP}, {"pki2.cartaodecidadao.pt:80", citizenCard, trust.MethodCRL},
}

const citizenCard = "citizen card"

// trustHosts lists the hosts that the certificates of a trust folder name, and those that citizens' name. A document
// signer may name others, which only its documents tell; most name those of their country signing certificate.
func trustHosts(dir string) ([]trustHost, error) {
	var all []trustHost
	add := func(of, what string, addresses ...string) {
		for _, a := range addresses {
			if host := hostOf(a); host != "" {
				all = append(all, trustHost{host, of, what})
			}
		}
	}
	store, err := trust.Load(dir)
	if err == nil {
		all = append(all, holderHosts...)
		for _, c := range slices.Concat(store.Anchors(), store.Intermediates()) {
			add(citizenCard, trust.MethodOCSP, c.OCSPServer...)
			add(citizenCard, trust.MethodCRL, c.CRLDistributionPoints...)
		}
	}
	countries, countriesErr := country.Load(dir)
	if countriesErr == nil {
		for _, c := range countries.Certificates() {
			add(c.Country, trust.MethodCRL, c.CRLDistributionPoints...)
		}
	}
	slices.SortFunc(all, func(a, b trustHost) int {
		return cmp.Or(cmp.Compare(len(b.Of), len(a.Of)), cmp.Compare(a.Of, b.Of), cmp.Compare(a.Host, b.Host), cmp.Compare(a.For, b.For))
	})
	if err != nil && countriesErr != nil {
		return nil, err
	}
	return slices.Compact(all), nil
}

// hostOf is host and port of an address that a desk would ask, "" of another, such as a directory's (LDAP).
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	switch port := u.Port(); {
	case u.Scheme != "http" && u.Scheme != "https":
		return ""
	case port != "":
		return net.JoinHostPort(u.Hostname(), port)
	case u.Scheme == "https":
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// cardHosts are the hosts that decide whether a Citizen Card was revoked.
func cardHosts(dir string) []string {
	hosts, _ := trustHosts(dir) // what is wrong with the folder is said elsewhere
	var cards []string
	for _, h := range hosts {
		if h.Of == citizenCard {
			cards = append(cards, h.Host)
		}
	}
	return slices.Compact(cards)
}

// printTrustHosts prints the hosts for whoever keeps a firewall.
func printTrustHosts(o trustOptions, stdout, stderr io.Writer) int {
	hosts, err := trustHosts(o.dir)
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	if o.json {
		err = writeTrustJSON(stdout, append([]trustHost{}, hosts...))
	} else {
		for _, h := range hosts {
			_, _ = fmt.Fprintf(stdout, "%-13s %-5s %s\n", h.Of, strings.ToUpper(h.For), h.Host)
		}
	}
	if err != nil {
		return fail(stderr, "kioskctl trust", err)
	}
	return exitOK
}
