package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"

	"balcao/assets/testpki"
	"balcao/mock-pcsc/bench"
	"balcao/mock-pcsc/fixtures"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/revocation"
)

func serveCommand() command {
	return command{
		name: "serve", arguments: "[--window] [--line 250k] [--smpp ADDR] [--smtp ADDR] [--http ADDR] [--vpcd PORT]",
		summary: "Run the bench until SIGTERM: slots, message centre, mail server, OCSP and CRLs",
		more: `
Prints "ready" when everything listens. It need not wait for pcscd: a card that is put in is offered
until a reader takes it, and again when pcscd was restarted.

` + fmt.Sprintf("The message centre's account is %s, password %s. Mail is taken after STARTTLS only.\n\n", bench.SystemID, bench.Password) +
			misbehaviour(),
		define: func(flags *flag.FlagSet) runner {
			withWindow := flags.Bool("window", false, "show the fixtures, the slots and the messages in a window")
			line := flags.String("line", "full", "`speed` of the card line: full, or bits per second such as 250k")
			smpp := flags.String("smpp", bench.DefaultSMPP, "`address` of the message centre")
			smtp := flags.String("smtp", bench.DefaultSMTP, "`address` of the mail server")
			http := flags.String("http", bench.DefaultHTTP, "`address` of OCSP and CRLs; the cards' certificates name the usual one")
			vpcd := flags.Int("vpcd", bench.DefaultVPCD, "`port` of the virtual reader's first slot; the second is the next")
			return func(ctx context.Context, _ []string, stdout, _ io.Writer) error {
				speed, err := bench.ParseLine(*line)
				if err != nil {
					return &usageError{err.Error()}
				}
				if *vpcd < 1 || *vpcd > 65534 {
					return &usageError{fmt.Sprintf("--vpcd %d is no port", *vpcd)}
				}
				config := bench.Config{
					SMPP: *smpp, SMTP: *smtp, HTTP: *http, Slots: slots(*vpcd), Socket: bench.ServePath(), Line: speed,
				}
				return serve(ctx, config, *withWindow, stdout)
			}
		},
	}
}

// slots are the addresses of the virtual reader's two slots. The driver listens everywhere, but a card
// is for this machine only.
func slots(first int) []string {
	return []string{
		net.JoinHostPort("127.0.0.1", strconv.Itoa(first)),
		net.JoinHostPort("127.0.0.1", strconv.Itoa(first+1)),
	}
}

func serve(ctx context.Context, config bench.Config, withWindow bool, stdout io.Writer) error {
	cards, err := fixtures.Open()
	if err != nil {
		return fmt.Errorf("opening the fixtures: %w", err)
	}
	config.Fixtures = cards
	config.Revocation = revocation.New(pki.New(), cards.Issued())
	if config.TLS, err = mailCertificate(); err != nil {
		return err
	}
	b := bench.New(config)
	ready := func() { _, _ = fmt.Fprintln(stdout, "ready") }
	if withWindow {
		return runWindow(ctx, b, ready)
	}
	return b.Run(ctx, ready)
}

// mailCertificate is the mail server's, of the test PKI: clients trust tls/ca.crt.
func mailCertificate() (*tls.Config, error) {
	certificate, certErr := testpki.FS.ReadFile("tls/smtp.crt")
	key, keyErr := testpki.FS.ReadFile("tls/smtp.key")
	if err := errors.Join(certErr, keyErr); err != nil {
		return nil, fmt.Errorf("reading the mail server's certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the mail server's certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
