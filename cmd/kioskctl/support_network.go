package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"balcao/cardreader"
	"balcao/kiosk/central"
)

// How long one step towards a host may take; a door is looked at in at most four of them.
const (
	stepTime  = 2 * time.Second
	helloTime = 2500 * time.Millisecond
)

// networkFacts is how far this desk gets.
type networkFacts struct {
	Doors []doorFacts `json:"doors"`
	Hello *helloFacts `json:"desk_at_the_centre,omitempty"`
	Lists []hostFacts `json:"revocation_hosts,omitempty"`
}

// doorFacts is one door of the centre's, step by step; the first that failed is the last.
type doorFacts struct {
	Address      string             `json:"address"`
	Name         string             `json:"name,omitempty"`       // what DNS says: addresses, or why not
	Connection   string             `json:"connection,omitempty"` // of TCP
	TLS          string             `json:"tls,omitempty"`
	Believed     string             `json:"certificate,omitempty"`
	Certificates []certificateFacts `json:"certificates,omitempty"` // as presented, the door's first
	Health       string             `json:"healthz,omitempty"`
	RoundTrip    string             `json:"round_trip,omitempty"` // of one request on an open connection
	Offset       string             `json:"clock_offset,omitempty"`

	offset time.Duration // this computer's clock minus the door's, to a second
	dated  bool
}

// helloFacts is what the centre says to the desk's certificate.
type helloFacts struct {
	Accepted bool   `json:"accepted"`
	Refusal  string `json:"refusal,omitempty"`
	Offset   string `json:"clock_offset,omitempty"`
	Schema   int    `json:"schema_version,omitempty"`
	Delivery string `json:"delivery,omitempty"`
}

// hostFacts is a host of revocation lists or of OCSP.
type hostFacts struct {
	Address string `json:"address"`
	Outcome string `json:"outcome"`
}

// clockFacts is this computer's clock.
type clockFacts struct {
	Now     time.Time `json:"now"`
	Offset  string    `json:"offset_to_the_centre,omitempty"`
	Systemd []string  `json:"timedatectl,omitempty"`
}

// network looks at each door, at what the centre says to this desk, at the hosts of revocation, and at the clock.
func (d deskProbes) network(ctx context.Context) []section {
	facts := networkFacts{Doors: make([]doorFacts, len(d.config.doors))}
	var work sync.WaitGroup
	byDoor := make([][]finding, len(d.config.doors))
	for i, address := range d.config.doors {
		work.Go(func() { facts.Doors[i], byDoor[i] = d.door(ctx, address) })
	}
	var atCentre []finding
	work.Go(func() { facts.Hello, atCentre = d.hello(ctx) })
	work.Go(func() { facts.Lists = reachLists(ctx, d.config.trust) })
	clock := clockFacts{Now: d.now().UTC()}
	work.Go(func() {
		out, _ := ask(ctx, "timedatectl", "show", "--property=NTP", "--property=NTPSynchronized", "--property=CanNTP")
		for line := range strings.Lines(out) {
			clock.Systemd = append(clock.Systemd, d.wording.plain(line))
		}
	})
	work.Wait()
	var findings []finding
	for _, f := range byDoor {
		findings = append(findings, f...)
	}
	findings = append(findings, atCentre...)
	if len(d.config.doors) == 0 && d.config.err == nil {
		findings = append(findings, finding{Finding: cardreader.Finding{
			Code: "centre_address", Title: "The configuration has no address of the centre.", Cause: `The key "centre" is missing, or not of the form https://host:port.`,
			Cure: "Write the address of the centre's door there.",
		}})
	}
	var clockFindings []finding
	for _, door := range facts.Doors {
		if door.dated {
			clock.Offset = door.Offset
			clockFindings = []finding{{Finding: clockFinding(door.offset)}}
			break
		}
	}
	return []section{{"network", facts, findings}, {"clock", clock, clockFindings}}
}

// mostSkew is how far the clocks may be apart for a desk to work (kiosk.ProblemClockSkew).
const mostSkew = 5 * time.Minute

func clockFinding(offset time.Duration) cardreader.Finding {
	if offset.Abs() <= mostSkew {
		return cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: "This computer's clock agrees with the centre's to " + offset.Abs().Round(time.Second).String() + "."}
	}
	which := "ahead of"
	if offset < 0 {
		which = "behind"
	}
	return cardreader.Finding{
		Code: "clock_off", Title: fmt.Sprintf("This computer's clock is %s %s the centre's.", offset.Abs().Round(time.Second), which),
		Cause: "The time is not set by the network (NTP), or the wrong time server is.",
		Cure:  "timedatectl set-ntp true — and let UDP port 123 out to the time server (assets/doc/network.md)",
	}
}

// door goes the way of a desk to a door: name, connection, TLS, certificate, and whether it answers. The certificate is
// looked at also when it is not believed, to say whose it is; nothing is sent there but a question for its health.
func (d deskProbes) door(ctx context.Context, address string) (doorFacts, []finding) {
	f := doorFacts{Address: address}
	wrong := func(code, title, cause, cure string) (doorFacts, []finding) {
		return f, []finding{{cardreader.Finding{Code: code, Title: title, Cause: cause, Cure: cure}, address}}
	}
	base, err := url.Parse(address)
	if err != nil { // CheckURL has parsed it
		return f, nil
	}
	host, port := base.Hostname(), base.Port()
	if port == "" {
		port = "443"
	}
	addresses, err := lookUp(ctx, host)
	if err != nil {
		f.Name = networkWords(err)
		return wrong("centre_name_unknown", "The centre's name is not found.", "DNS says: "+f.Name+".", "Check the name in the configuration, and the network's DNS server: getent hosts "+host)
	}
	f.Name = strings.Join(addresses, " ")
	began := time.Now()
	raw, err := (&net.Dialer{Timeout: stepTime}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		f.Connection = networkWords(err)
		return wrong("centre_unreachable", "The centre cannot be reached.", "The connection: "+f.Connection+".",
			"Check cable and network; let TCP port "+port+" out to it (assets/doc/network.md). If other desks have the same, the centre does not run.")
	}
	defer func() { _ = raw.Close() }()
	f.Connection = "open after " + milliseconds(time.Since(began))
	began = time.Now()
	_ = raw.SetDeadline(began.Add(2 * stepTime))
	var shown []*x509.Certificate
	conn := tls.Client(raw, &tls.Config{
		ServerName: host, MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, //nolint:gosec // judged below, and nothing is told to it
		VerifyPeerCertificate: func(der [][]byte, _ [][]*x509.Certificate) error {
			for _, one := range der {
				if c, err := x509.ParseCertificate(one); err == nil {
					shown = append(shown, c)
				}
			}
			return nil
		},
	})
	if err := conn.HandshakeContext(ctx); err != nil || len(shown) == 0 {
		f.TLS = networkWords(err)
		return wrong("centre_tls", "What answers at the centre's address does not speak TLS 1.3.", "TLS: "+f.TLS+".", "A firewall that looks into connections, or another program, answers there: let desks connect directly.")
	}
	f.TLS = "agreed after " + milliseconds(time.Since(began))
	for i, c := range shown {
		facts := factsOf(c)
		if i == 0 {
			facts.Names = serverNames(c)
		}
		f.Certificates = append(f.Certificates, facts)
	}
	d.health(conn, base.Host, &f)
	if judged, bad := d.believe(shown, host, &f); bad {
		return f, []finding{{judged, address}}
	}
	if f.Health != "204" {
		return wrong("centre_health", "What answers at the centre's address is no door of the centre's.", "Its health: "+f.Health+".", "Check address and port in the configuration, and whether a proxy stands before the centre.")
	}
	return f, []finding{{cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: "The centre's door answers within " + f.RoundTrip + "."}, address}}
}

// believe judges a door's certificate as a desk does.
func (d deskProbes) believe(shown []*x509.Certificate, host string, f *doorFacts) (cardreader.Finding, bool) {
	roots := x509.NewCertPool()
	authorities, _ := certificatesIn(d.config.centreCA) // without any, nobody is believed
	for _, a := range authorities {
		roots.AddCert(a)
	}
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	_, err := shown[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host, CurrentTime: d.now()})
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	bad := cardreader.Finding{Title: "The certificate of the centre's door is not believed."}
	switch {
	case err == nil:
		f.Believed = "believed"
		return bad, false
	case errors.As(err, &wrongName):
		f.Believed = "it is for another name"
		bad.Code, bad.Cure = "centre_wrong_name", "Configure the name that the certificate has, or have one made for this name (kioskctl desk server)."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && d.now().Before(shown[0].NotBefore):
		f.Believed = "it is not valid yet by this computer's clock"
		bad.Code, bad.Cure = "centre_certificate_early", "Set the clock: timedatectl set-ntp true"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		f.Believed = "it has expired by this computer's clock"
		bad.Code, bad.Cure = "centre_certificate_expired", "If the clock is right, have the centre make a new one (kioskctl desk server)."
	default:
		f.Believed = "none of the authorities in centre_ca has issued it"
		bad.Code, bad.Cure = "centre_wrong_authority", "Copy the authority of the services (service-ca) from the centre to the file that centre_ca names. If the fingerprint is of no certificate of the centre's, somebody answers in its place: tell its operators."
	}
	bad.Cause = strings.ToUpper(f.Believed[:1]) + f.Believed[1:] + ". Its SHA-256 is " + f.Certificates[0].SHA256 + "."
	return bad, true
}

// health asks whether the door answers, which needs no certificate, and reads its clock.
func (d deskProbes) health(conn *tls.Conn, base string, f *doorFacts) {
	transport := &http.Transport{
		DialTLSContext:    func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10,
	}
	client := &http.Client{Transport: transport, Timeout: stepTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	before := d.now()
	began := time.Now()
	answer, err := client.Get("https://" + base + "/healthz") //nolint:noctx // bounded by the client, on the connection that is open
	if err != nil {
		f.Health = networkWords(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	took := time.Since(began)
	f.Health, f.RoundTrip = fmt.Sprint(answer.StatusCode), milliseconds(took)
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		// The header is cut to a second, so on the average it is half a second behind.
		f.offset, f.dated = before.Add(took/2).Sub(date.Add(500*time.Millisecond)), true
		f.Offset = f.offset.Round(time.Second).String()
	}
}

// hello asks the centre as a desk does, with the desk's certificate. A desk whose key this user cannot read is not asked for.
func (d deskProbes) hello(ctx context.Context) (*helloFacts, []finding) {
	pair, err := tls.LoadX509KeyPair(d.config.certificate, d.config.key)
	authorities, rootsErr := certificatesIn(d.config.centreCA)
	if err != nil || rootsErr != nil || len(d.config.doors) == 0 {
		return nil, nil
	}
	roots := x509.NewCertPool()
	for _, a := range authorities {
		roots.AddCert(a)
	}
	centre, err := central.Dial(central.Config{URLs: d.config.doors, Certificate: pair, Roots: roots, Timeout: helloTime})
	if err != nil {
		return nil, nil
	}
	defer centre.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*helloTime)
	defer cancel()
	h, err := centre.Hello(ctx)
	var refused *central.Refused
	switch {
	case err == nil:
		title := "The centre accepts this desk."
		if h.Version != central.Version {
			return &helloFacts{Accepted: true, Schema: h.SchemaVersion}, []finding{{Finding: cardreader.Finding{
				Code: "centre_version", Title: "The centre speaks another version than this desk.", Cause: "One of them was updated, and the other was not.", Cure: "Install the same version of Balcão here as at the centre.",
			}}}
		}
		return &helloFacts{true, "", h.Skew.Round(time.Millisecond).String(), h.SchemaVersion, d.wording.plain(string(h.Delivery))},
			[]finding{{Finding: cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: title}}}
	case errors.As(err, &refused):
		word := d.wording.plain(refused.Code)
		return &helloFacts{Refusal: word}, []finding{{Finding: cardreader.Finding{
			Code: "desk_refused", Title: "The centre does not accept this desk.", Cause: "It says: " + word + ".",
			Cure: "At the centre: kioskctl desk list. A desk that is suspended is resumed there; one whose certificate is another or expired gets a new one (kioskctl desk rotate).",
		}}}
	}
	return &helloFacts{Refusal: "no answer"}, nil // why, the doors say
}

// reachLists tries the hosts that say what was revoked. Only the Citizen Card's: of States there are as many as travellers.
func reachLists(ctx context.Context, trust string) []hostFacts {
	hosts := cardHosts(trust)
	all := make([]hostFacts, len(hosts))
	var work sync.WaitGroup
	for i, host := range hosts {
		work.Go(func() {
			all[i] = hostFacts{host, "open"}
			conn, err := (&net.Dialer{Timeout: stepTime}).DialContext(ctx, "tcp", host)
			if err != nil {
				all[i].Outcome = networkWords(err)
				return
			}
			_ = conn.Close()
		})
	}
	work.Wait()
	return all
}

func lookUp(ctx context.Context, host string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return net.DefaultResolver.LookupHost(ctx, host)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// networkWords says why a step failed, in words of ours: an error of net's quotes addresses, and a server's words.
func networkWords(err error) string {
	var dns *net.DNSError
	var network net.Error
	var header tls.RecordHeaderError
	switch {
	case err == nil:
		return "no certificate"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such name"
	case errors.As(err, &dns):
		return "the name server does not answer"
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "no answer in time"
	case errors.As(err, &header):
		return "the answer is not TLS"
	}
	text := err.Error()
	for _, known := range []string{"connection refused", "no route to host", "network is unreachable", "connection reset by peer", "protocol version not supported", "handshake failure", "EOF"} {
		if strings.Contains(text, known) {
			return known
		}
	}
	return "failed"
}

// serverNames are the names that a certificate is for, those that have the form of hosts.
func serverNames(c *x509.Certificate) []string {
	var names []string
	for _, name := range c.DNSNames {
		if len(name) < 254 && !strings.ContainsAny(name, "@/ ") && len(names) < 20 {
			names = append(names, name)
		}
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
