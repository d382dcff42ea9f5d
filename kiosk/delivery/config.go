package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// SMSConfig says which message centre to use and how.
type SMSConfig struct {
	Address    string // host:port
	SystemID   string
	Password   string
	SystemType string
	Source     string // who the message comes from: letters and digits (11 at most), or a number

	TLS    bool   // SMPP inside TLS; only a message centre on this computer is spoken to without
	CAFile string // PEM; the system's anchors when empty

	// Window is how many messages wait for their answer at a time (10); PerSecond how many leave, 0 when the message centre is
	// to say so itself (ESME_RTHROTTLED).
	Window    int
	PerSecond int

	EnquireEvery time.Duration // 30 s
	Timeout      time.Duration // 10 s: for the bind and for each answer
}

// withDefaults fills what was left out.
func (c SMSConfig) withDefaults() SMSConfig {
	if c.EnquireEvery == 0 {
		c.EnquireEvery = 30 * time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Window == 0 {
		c.Window = 10
	}
	return c
}

// Validate reports everything that is wrong with the configuration.
func (c SMSConfig) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, err := hostPort(c.Address); err != nil {
		bad("address: not of the form host:port")
	} else if !c.TLS && !loopback(c.Address) {
		bad("tls: without it codes and password can be read on the way: tls = true, or a tunnel that ends at 127.0.0.1")
	}
	// Lengths without the final NUL, SMPP 3.4 §4.1.5.
	if c.SystemID == "" || len(c.SystemID) > 15 {
		bad("system_id: 1 to 15 characters")
	}
	if len(c.Password) > 8 {
		bad("password: at most 8 characters in SMPP 3.4")
	}
	if len(c.SystemType) > 12 {
		bad("system_type: at most 12 characters")
	}
	if _, err := sourceAddress(c.Source); err != nil {
		bad("source: %w", err)
	}
	if c.Window < 0 || c.Window > 100 {
		bad("window: 1 to 100")
	}
	if c.PerSecond < 0 || c.PerSecond > 1000 {
		bad("per_second: 1 to 1000, or 0 for no limit")
	}
	if c.EnquireEvery < 0 || c.Timeout < 0 {
		bad("durations: not negative")
	}
	return errors.Join(errs...)
}

// dial connects to the message centre, through TLS when so configured.
func (c SMSConfig) dial(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	if !c.TLS {
		return dialer.DialContext(ctx, "tcp", address)
	}
	config, err := tlsConfig(address, c.CAFile)
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: &dialer, Config: config}).DialContext(ctx, "tcp", address)
}

// sourceAddress tells a name from a number: letters make it alphanumeric, at most 11 of them
// (3GPP TS 23.040 §9.1.2.5); a plus makes it international; the rest is a short number.
func sourceAddress(source string) (pdu.Address, error) {
	ton, npi := data.GSM_TON_ALPHANUMERIC, data.GSM_NPI_UNKNOWN
	number := strings.TrimPrefix(source, "+")
	if strings.Trim(number, "0123456789") == "" {
		ton, npi = data.GSM_TON_ABBREVIATED, data.GSM_NPI_UNKNOWN
		if number != source {
			ton, npi = data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164
		}
	} else if len(source) > 11 || !printable(strings.ReplaceAll(source, " ", "_")) {
		return pdu.Address{}, errors.New("a name of at most 11 ASCII characters, or a number")
	}
	if number == "" || len(number) > 20 {
		return pdu.Address{}, errors.New("a name of at most 11 ASCII characters, or a number")
	}
	return pdu.NewAddressWithTonNpiAddr(ton, npi, number)
}

// MailConfig says which relay to use and how. The connection is always encrypted.
type MailConfig struct {
	Address  string // host:port
	Username string // no authentication when empty
	Password string
	From     string // addr-spec of the sender
	FromName string
	HELO     string // what we call ourselves; the domain of From when empty

	ImplicitTLS bool   // TLS from the first byte (RFC 8314 §3.3) instead of STARTTLS
	CAFile      string // PEM; the system's anchors when empty

	Timeout time.Duration // 15 s for each step
}

// withDefaults fills what was left out.
func (c MailConfig) withDefaults() MailConfig {
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	if c.HELO == "" {
		_, c.HELO, _ = strings.Cut(c.From, "@")
	}
	return c
}

// Validate reports everything that is wrong with the configuration.
func (c MailConfig) Validate() error {
	var errs []error
	if _, err := hostPort(c.Address); err != nil {
		errs = append(errs, errors.New("address: not of the form host:port"))
	}
	if _, err := asciiAddress(c.From); err != nil {
		errs = append(errs, errors.New("from: not an e-mail address"))
	}
	if strings.ContainsAny(c.FromName, "\r\n") {
		errs = append(errs, errors.New("from_name: one line"))
	}
	if (c.Username == "") != (c.Password == "") {
		errs = append(errs, errors.New("username and password: both or neither"))
	}
	if c.Timeout < 0 {
		errs = append(errs, errors.New("timeout: not negative"))
	}
	return errors.Join(errs...)
}

// hostPort splits an address and checks the port.
func hostPort(address string) (port int, err error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, errors.New("not of the form host:port")
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, errors.New("not a port")
	}
	return port, nil
}

// loopback reports whether an address, of the form host:port, is this computer's own: what is sent there is on no wire.
func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// tlsConfig trusts the file's certificates, or the system's when there is no file.
func tlsConfig(address, caFile string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.New("reading the address: not of the form host:port")
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("reading the TLS anchors: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the TLS anchors: no certificate in %s", caFile)
	}
	return config, nil
}
