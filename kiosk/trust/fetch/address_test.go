package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"balcao/kiosk/trust/fetch"
)

func TestIsPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"193.137.0.1": true, "1.1.1.1": true, "172.15.255.255": true, "172.32.0.0": true, "100.63.255.255": true, "100.128.0.0": true,
		"2001:690::1": true, "2606:4700::1111": true, "2a00:1450::1": true,
		"::ffff:193.137.0.1": true, "64:ff9b::c189:1": true, // carry 193.137.0.1

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "10.255.255.255": false, "100.64.0.1": false, "100.127.255.255": false,
		"127.0.0.1": false, "127.255.0.1": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.0.0.8": false, "192.0.2.1": false, "192.88.99.1": false, "192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.7": false, "203.0.113.7": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::7f00:1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false,
		"fd12:3456::1": false, "ff02::1": false, "100::1": false, "2001:db8::1": false, "2001::1": false, "2002:7f00:1::": false,
		"2002:c189:1::": false, "3fff::1": false, "4000::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:0:0": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::1": false, "64:ff9b:1::1": false,
	} {
		if got := fetch.IsPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
	if fetch.IsPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// The address is looked at when connecting, whatever name led to it.
func TestDo_Private(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	where, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "[::]"} {
		address := "http://" + host + ":" + where.Port() + "/list.crl"
		for _, client := range []*http.Client{nil, fetch.Client(false)} {
			_, err := fetch.Do(t.Context(), client, address, "", nil, 100)
			if err == nil || !strings.Contains(err.Error(), "allow_private_revocation") {
				t.Errorf("%s: got %v", address, err)
			}
		}
	}
	if n := asked.Load(); n != 0 {
		t.Fatalf("a service on this computer was asked %d times", n)
	}
	if _, err := fetch.Do(t.Context(), fetch.Client(true), server.URL, "", nil, 100); err != nil || asked.Load() != 1 {
		t.Errorf("allowed: got %v, asked %d times", err, asked.Load())
	}
}

func TestPlace(t *testing.T) {
	for _, test := range []struct {
		named, to string
		same      bool
	}{
		{"http://pki.example/a", "http://pki.example/b", true},
		{"http://pki.example/a", "http://PKI.example:80/b", true},
		{"http://pki.example/a", "https://pki.example/a", true},
		{"http://pki.example:8080/a", "http://pki.example:8080/b", true},
		{"http://pki.example/a", "http://pki.example:22/a", false},
		{"http://pki.example/a", "https://pki.example:80/a", false},
		{"http://pki.example:8080/a", "https://pki.example/a", false},
		{"http://pki.example/a", "http://a.pki.example/a", false},
		{"http://[2001:690::1]/a", "http://[2001:690::1]:80/a", true},
		{"http://[2001:690::1]/a", "http://[2001:690::2]/a", false},
	} {
		named, err := url.Parse(test.named)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(test.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := fetch.Place(named) == fetch.Place(to); got != test.same {
			t.Errorf("%s, %s: got %t", test.named, test.to, got)
		}
	}
}
