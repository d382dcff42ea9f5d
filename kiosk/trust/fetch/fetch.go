// Package fetch asks the services that certificates name, over HTTP, and remembers the revocation lists that they give.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	requestTimeout = 5 * time.Second // one HTTP exchange, redirects included
	maxRedirects   = 3
)

// Do makes one HTTP request through the transport of base, Client(false) when it is nil, and returns the body, which
// may not be longer than limit. The method is POST when there is a body to send.
func Do(ctx context.Context, base *http.Client, address, contentType string, body []byte, limit int64) ([]byte, error) {
	where, err := url.Parse(address)
	if err != nil || (where.Scheme != "http" && where.Scheme != "https") || where.Host == "" || where.User != nil {
		return nil, errors.New("address is not an HTTP URL")
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := boundClient(base, where).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered HTTP status %d", where.Host, response.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s answered more than %d bytes", where.Host, limit)
	}
	return data, nil
}

// boundClient follows redirects (307 and 308 repeat a POST, as OCSP responders moved to HTTPS ask for) a
// few times and only within the host and port that the certificate names: an answer is signed wherever it comes from,
// but where the kiosk connects to is not for a stranger to choose.
func boundClient(base *http.Client, named *url.URL) *http.Client {
	if base == nil {
		base = Client(false)
	}
	client := &http.Client{Timeout: requestTimeout, Transport: base.Transport}
	client.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return errors.New("too many redirects")
		case request.URL.Scheme != "http" && request.URL.Scheme != "https":
			return errors.New("redirected away from HTTP")
		case place(request.URL) != place(named):
			return errors.New("redirected to another host or port")
		}
		return nil
	}
	return client
}

// place is the host and port of an address. The ports of HTTP and HTTPS are one place, so that a service may ask for
// HTTPS.
func place(u *url.URL) string {
	port := u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		port = ""
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// maxURLs is how many addresses of a kind are tried for a certificate.
const maxURLs = 4

// Head returns the addresses that are tried.
func Head(urls []string) []string { return urls[:min(len(urls), maxURLs)] }

// Host is the host of an address, by which a source is named; "" when it is no URL.
func Host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Skew is by how much two clocks may differ.
const Skew = 5 * time.Minute

// Current reports whether a statement is in its dates, give or take the clocks' difference.
func Current(now, thisUpdate, nextUpdate time.Time) error {
	switch {
	case thisUpdate.After(now.Add(Skew)):
		return errors.New("answer from the future")
	case nextUpdate.Before(now.Add(-Skew)):
		return errors.New("answer out of date")
	}
	return nil
}
