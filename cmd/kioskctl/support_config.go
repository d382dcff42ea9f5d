package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"balcao/cardreader"
	"balcao/cmd/internal/installed"
	"balcao/kiosk/central"
	"balcao/kiosk/trust/folder"
)

// systemKiosk is where an installed desk has its configuration.
var systemKiosk = installed.Path("kiosk.toml")

// deskConfig is what of a desk's configuration a bundle is made from.
type deskConfig struct {
	file  string
	err   error          // why it cannot be read
	keys  map[string]any // as they stand there
	doors []string       // addresses of the form that is allowed; another may hold a password

	centreCA, certificate, key, trust, printer string
}

// readDeskConfig reads what there is: a configuration that a desk refuses is the one that help is wanted for.
func readDeskConfig(file string) deskConfig {
	c := deskConfig{file: file}
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() { // a pipe would be waited for
		c.err = cmp.Or(err, errors.New("not a file"))
	} else {
		_, c.err = toml.DecodeFile(file, &c.keys)
	}
	text := func(key string) string { s, _ := c.keys[key].(string); return s }
	c.centreCA, c.certificate, c.key, c.printer = text("centre_ca"), text("certificate"), text("key"), text("printer")
	c.trust = cmp.Or(text("trust"), trustFolder(""))
	addresses, several := c.keys["centre"].([]any)
	if !several {
		addresses = []any{c.keys["centre"]}
	}
	for _, a := range addresses {
		if address, _ := a.(string); central.CheckURL(address) == nil {
			c.doors = append(c.doors, strings.TrimSuffix(address, "/"))
		}
	}
	return c
}

// choice says what the desk takes for a reader, as cmd/kiosk does.
func (c deskConfig) choice() cardreader.Choice {
	parts := func(key string) (all []string) {
		list, _ := c.keys[key].([]any)
		for _, part := range list {
			text, _ := part.(string)
			all = append(all, text)
		}
		return all
	}
	staff, _ := c.keys["staff_reader"].(string)
	return cardreader.Choice{Ignore: parts("ignore_readers"), Keep: append(parts("readers"), staff)}
}

// The keys of a desk's configuration, by what a bundle says of them: words of the value, an address or only that
// they are set.
var (
	plainKeys   = []string{"certificate", "key", "centre_ca", "trust", "allow_private_revocation", "clerk_language", "citizen_language", "text_scale", "look", "region", "idle_after", "staff_reader", "ignore_readers", "readers", "printer", "second_screen", "single_screen", "side_by_side"}
	addressKeys = []string{"centre"}
	setKeys     = []string{"name", "support", "centre_recipient"}
)

// configFacts is the configuration as a bundle has it.
type configFacts struct {
	File        string             `json:"file"`
	Keys        map[string]string  `json:"keys"`
	Unknown     int                `json:"unknown_keys,omitempty"`
	Certificate *certificateFacts  `json:"desk_certificate,omitempty"`
	Authorities []certificateFacts `json:"authorities_of_doors,omitempty"`
	PrivateKey  string             `json:"private_key,omitempty"`
	Environment []string           `json:"environment_set,omitempty"`
}

// certificateFacts is a certificate by what identifies it. Whose it is is said of authorities and doors, never of persons.
type certificateFacts struct {
	File      string    `json:"file,omitempty"`
	Names     []string  `json:"names,omitempty"` // of a server
	CA        bool      `json:"ca,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SHA256    string    `json:"sha256"`
}

func factsOf(c *x509.Certificate) certificateFacts {
	return certificateFacts{CA: c.IsCA, NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: fingerprintText(c.Raw)}
}

// fingerprintText is the SHA-256 of a certificate as browsers and openssl show it.
func fingerprintText(der []byte) string {
	digest := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", digest[:]), " ", ":")
}

// longestCertificate bounds a file of certificates, in bytes.
const longestCertificate = folder.MaxCertificate

// certificatesIn reads the certificates of a PEM file.
func certificatesIn(file string) (all []*x509.Certificate, err error) {
	raw, err := folder.ReadBounded(file, longestCertificate)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("not a certificate")
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in PEM")
	}
	return all, nil
}

// proxyVariables change how Go's programs reach addresses.
var proxyVariables = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GODEBUG", "PCSCLITE_CSOCK_NAME"}

// configuration says which keys are set, and how the files that they name are.
func (d deskProbes) configuration(context.Context) []section {
	c := d.config
	facts := configFacts{File: d.wording.plain(c.file), Keys: map[string]string{}}
	var findings []finding
	if c.err != nil {
		f := cardreader.Finding{
			Code: "config_unreadable", Title: "The desk's configuration cannot be read.", Cause: d.wording.plain(c.err.Error()),
			Cure: "kiosk -check-config says what is wrong with it. If it is elsewhere, name it: --config FILE",
		}
		if errors.Is(c.err, fs.ErrNotExist) {
			f.Code, f.Title, f.Cause = "config_missing", "There is no configuration of a desk.", "This computer is no desk yet, or its configuration is elsewhere."
		}
		findings = append(findings, finding{f, d.wording.plain(c.file)})
	}
	for key, value := range c.keys {
		switch {
		case slices.Contains(plainKeys, key):
			facts.Keys[key] = d.wording.plain(fmt.Sprint(value))
		case slices.Contains(addressKeys, key):
			facts.Keys[key] = strings.Join(c.doors, " ")
		case slices.Contains(setKeys, key):
			facts.Keys[key] = "(set)"
		default:
			facts.Unknown++
		}
	}
	for _, name := range proxyVariables {
		if os.Getenv(name) != "" {
			facts.Environment = append(facts.Environment, name)
		}
	}
	if c.certificate != "" {
		own, err := certificatesIn(c.certificate)
		if err != nil {
			findings = append(findings, d.broken("desk_certificate", "The desk's certificate cannot be read.", err, "Have the centre make one (kioskctl desk add) and copy both files here.", c.certificate))
		} else {
			f := factsOf(own[0])
			facts.Certificate = &f
			findings = append(findings, d.expiry(own[0]))
		}
	}
	if c.centreCA != "" {
		authorities, err := certificatesIn(c.centreCA)
		if err != nil {
			findings = append(findings, d.broken("centre_ca", "The authority of the centre's doors cannot be read.", err, "Copy it from the centre anew (centre_ca).", c.centreCA))
		}
		for _, a := range authorities {
			facts.Authorities = append(facts.Authorities, factsOf(a))
		}
	}
	if c.key != "" {
		facts.PrivateKey = "is there and can be read"
		if f, err := os.Open(c.key); err != nil {
			facts.PrivateKey = d.wording.plain(err.Error())
			if errors.Is(err, fs.ErrNotExist) {
				findings = append(findings, d.broken("desk_key", "The desk's private key is missing.", err, "Have the centre make a new certificate with its key (kioskctl desk rotate).", c.key))
			}
		} else {
			_ = f.Close()
		}
	}
	return []section{{"config", facts, findings}}
}

func (d deskProbes) broken(code, title string, err error, cure, file string) finding {
	return finding{cardreader.Finding{Code: code, Title: title, Cause: d.wording.plain(err.Error()), Cure: cure}, d.wording.plain(file)}
}

// expiry judges how long the desk's certificate lasts.
func (d deskProbes) expiry(c *x509.Certificate) finding {
	now, day := d.now(), "2006-01-02"
	f := cardreader.Finding{Code: "desk_certificate_expired", Cure: "Have the centre make a new one (kioskctl desk rotate), and copy both files here."}
	switch {
	case now.After(c.NotAfter):
		f.Title, f.Cause = "The desk's certificate has expired.", "It was valid until "+c.NotAfter.UTC().Format(day)+"."
	case now.Before(c.NotBefore):
		f.Code, f.Title, f.Cause = "desk_certificate_early", "The desk's certificate is not valid yet.", "It is valid from "+c.NotBefore.UTC().Format(day)+", or this computer's clock is wrong."
		f.Cure = "Set the clock: timedatectl set-ntp true"
	case now.Add(central.CertificateSoon).After(c.NotAfter):
		f.Code, f.Title, f.Cause = "desk_certificate_soon", "The desk's certificate expires soon.", "It is valid until "+c.NotAfter.UTC().Format(day)+"."
	default:
		return finding{Finding: cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: "The desk's certificate is valid until " + c.NotAfter.UTC().Format(day) + "."}}
	}
	return finding{Finding: f}
}

// trustFacts is one file of the trust folder. Whose certificate it is is not said: it may be a person's, put there by mistake.
type trustFacts struct {
	Folder   string    `json:"folder"`
	File     string    `json:"file"`
	Bytes    int64     `json:"bytes"`
	NotAfter time.Time `json:"not_after,omitzero"` // of a revocation list: when the next one is due
	SHA256   string    `json:"sha256,omitempty"`   // of authorities and lists; that of a person's certificate would name it
	Kind     string    `json:"kind"`
}

// mostTrustFiles is far more than the States of the world have.
const mostTrustFiles = 3000

// trust lists the trust folder.
func (d deskProbes) trust(ctx context.Context) []section {
	var findings []finding
	for _, f := range trustFindings(d.config.trust) {
		findings = append(findings, d.wording.finding(finding{Finding: f}))
	}
	all := []trustFacts{}
	expired := 0
	err := filepath.WalkDir(d.config.trust, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil || len(all) == mostTrustFiles:
			return fs.SkipAll
		case !e.Type().IsRegular():
			return nil
		}
		f := d.trustFile(path)
		if !f.NotAfter.IsZero() && d.now().After(f.NotAfter) {
			expired++
		}
		all = append(all, f)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		findings = append(findings, d.broken("trust_folder", "The trust folder cannot be read whole.", err, "Run the command as root.", d.config.trust))
	}
	if expired > 0 {
		findings = append(findings, finding{Finding: cardreader.Finding{
			Code: "trust_expired", OK: true, Title: fmt.Sprintf("Of %d files of the trust folder %d have expired.", len(all), expired),
		}})
	}
	return []section{{"trust", all, findings}}
}

// trustFile says what a file is, by its own bytes.
func (d deskProbes) trustFile(path string) trustFacts {
	inside, _ := filepath.Rel(d.config.trust, path)
	f := trustFacts{Folder: d.wording.plain(filepath.Dir(inside)), File: d.wording.plain(filepath.Base(inside)), Kind: "unreadable"}
	if info, err := os.Stat(path); err == nil {
		f.Bytes = info.Size()
	}
	raw, err := folder.ReadBounded(path, 16<<20)
	if err != nil {
		return f
	}
	f.Kind = "other"
	der := raw
	if block, _ := pem.Decode(raw); block != nil {
		der = block.Bytes
	}
	if c, err := x509.ParseCertificate(der); err == nil && c.IsCA {
		f.Kind, f.NotAfter, f.SHA256 = "CA certificate", c.NotAfter, fingerprintText(c.Raw)
	} else if err == nil {
		f.Kind = "certificate, of no authority"
	} else if l, err := x509.ParseRevocationList(der); err == nil {
		f.Kind, f.NotAfter, f.SHA256 = "revocation list", l.NextUpdate, fingerprintText(der)
	}
	return f
}
