package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/BurntSushi/toml"

	"balcao/assets/i18n/fonts"
	"balcao/cardreader"
	"balcao/cmd/internal/guarded"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/trust/country"
	"balcao/ui"
	"balcao/ui/theme"
)

// config is the desk's configuration file. It names where things are; it holds nothing personal.
type config struct {
	// Name is shown to the clerk and written into receipts: "Loja de Cidadão das Laranjeiras · Balcão 07".
	Name string `toml:"name"`
	// Centre is where the centre's doors are: "https://centre.example:8443", or a list of several, of which one that
	// fails is left for the next.
	Centre addresses `toml:"centre"`
	// CentreCA is a file with the certificates, in PEM, of the authorities that the doors' certificates are of.
	CentreCA string `toml:"centre_ca"`
	// CentreRecipient is the age recipient that PINs are sealed to ("age1…"). It is configured here, not
	// fetched, so that a forged centre cannot have PINs sealed to itself.
	CentreRecipient string `toml:"centre_recipient"`
	// Certificate and Key are the desk's own (kioskctl desk add): with them the centre knows it, and it signs every
	// enrolment. Its name at the centre is the certificate's common name.
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	// Trust is the folder with anchors and intermediates (kioskctl trust import).
	Trust string `toml:"trust"`
	// AllowPrivateRevocation lets OCSP responders and revocation lists be on this computer or in private networks, and
	// be asked through the proxy of the environment. Otherwise certificates lead to public addresses only.
	AllowPrivateRevocation bool `toml:"allow_private_revocation"`
	// ClerkLanguage is "pt" or "en"; CitizenLanguage, with which the other screen begins, one of kiosk.Languages.
	ClerkLanguage   kiosk.Language `toml:"clerk_language"`
	CitizenLanguage kiosk.Language `toml:"citizen_language"`
	// TextScale enlarges all text, 1.0 to 1.5.
	TextScale float32 `toml:"text_scale"`
	// Look is which colours both windows have: "light", "dark" or "contrast". The clerk may choose another until the
	// program ends.
	Look string `toml:"look"`
	// Region is where phone numbers without "+" are, ISO 3166-1 alpha-2.
	Region string `toml:"region"`
	// IdleAfter ends a case that nobody touches, "10m" by default; it is warned of a minute before.
	IdleAfter time.Duration `toml:"idle_after"`
	// StaffReader is a part of the PC/SC name of the reader that is the staff card's alone, for example "Omnikey 3121". The
	// card stays in it while its holder works. Without the key staff cards share the citizens' reader.
	StaffReader string `toml:"staff_reader"`
	// IgnoreReaders are parts of the names of readers that the desk leaves aside; Readers, of those that it uses although
	// their names say that they are none (kioskctl doctor names both).
	IgnoreReaders []string `toml:"ignore_readers"`
	Readers       []string `toml:"readers"`
	// Printer is the CUPS queue of papers; empty for the default one, or the only one. Without any, papers are shown.
	Printer string `toml:"printer"`
	// Support is the telephone that papers name.
	Support string `toml:"support"`
	// SecondScreen puts the citizen's window full screen on the second monitor.
	SecondScreen bool `toml:"second_screen"`
	// SingleScreen starts without a citizen's window: F2 hands the clerk's over.
	SingleScreen bool `toml:"single_screen"`
	// SideBySide places both windows on one monitor: beside each other where there is room.
	SideBySide bool `toml:"side_by_side"`
}

func defaults() config {
	return config{ClerkLanguage: kiosk.Portuguese, CitizenLanguage: kiosk.Portuguese, TextScale: 1, Look: theme.Looks[theme.Light], Region: "PT", SideBySide: true}
}

// moved are keys that were a desk's once, and what to do instead.
var moved = map[string]string{
	"desk":    "the certificate says which desk this is; delete the line here",
	"min_age": "the centre sets it for all desks (kioskctl db set min_age); delete the line here",
}

// loadConfig reads and validates path. Unknown keys are errors; all problems are reported at once.
func loadConfig(path string) (config, error) {
	c := defaults()
	meta, err := toml.DecodeFile(path, &c)
	if err != nil {
		return c, fmt.Errorf("reading configuration: %w", err)
	}
	var problems []error
	for _, key := range meta.Undecoded() {
		if cure, moved := moved[key.String()]; moved {
			problems = append(problems, fmt.Errorf("%s: %s", key, cure))
			continue
		}
		problems = append(problems, fmt.Errorf("unknown key %q", key.String()))
	}
	if err := errors.Join(append(problems, guarded.File(path), c.validate())...); err != nil {
		return c, fmt.Errorf("%s:\n%w", path, err)
	}
	return c, nil
}

func (c config) validate() error {
	var problems []error
	must := func(ok bool, text string) {
		if !ok {
			problems = append(problems, errors.New(text))
		}
	}
	must(c.Name != "", "name: the desk's name for the clerk is missing")
	must(len(c.Centre) > 0, "centre: the address is missing: https://host:port of the centre's door, or a list of several")
	for _, address := range c.Centre {
		err := central.CheckURL(address)
		must(err == nil, "centre: "+text(err)+"; a desk does not log in to the database any more (cmd/centre does)")
	}
	_, err := c.roots()
	must(err == nil, "centre_ca: "+text(err))
	_, err = age.ParseX25519Recipient(c.CentreRecipient)
	must(err == nil, "centre_recipient: not an age recipient (registrar keygen prints it)")
	_, err = c.desk()
	must(err == nil, "certificate, key: "+text(err))
	err = guarded.Folder(c.Trust)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("no such folder (kioskctl trust import)")
	}
	must(err == nil, "trust: "+text(err))
	err = guarded.File(c.CentreCA)
	must(err == nil || errors.Is(err, fs.ErrNotExist), "centre_ca: "+text(err)) // what is missing was said above
	err = guarded.File(c.Certificate)
	must(err == nil || errors.Is(err, fs.ErrNotExist), "certificate: "+text(err))
	err = guarded.Secret(c.Key)
	must(err == nil || errors.Is(err, fs.ErrNotExist), "key: "+text(err))
	must(slices.Contains(kiosk.ClerkLanguages, c.ClerkLanguage), "clerk_language: pt or en")
	must(slices.Contains(kiosk.Languages, c.CitizenLanguage), fmt.Sprintf("citizen_language: one of %v", kiosk.Languages))
	must(len(fonts.Missing(c.CitizenLanguage.Name())) == 0, "citizen_language: this computer lacks its letters (kioskctl doctor says which package brings them)")
	must(c.TextScale >= 1 && c.TextScale <= 1.5, "text_scale: between 1.0 and 1.5")
	must(slices.Contains(theme.Looks[:], c.Look), fmt.Sprintf("look: one of %v", theme.Looks))
	must(len(c.Region) == 2, "region: two letters, for example PT")
	must(c.IdleAfter == 0 || c.IdleAfter >= 10*time.Second && c.IdleAfter <= time.Hour, `idle_after: between "10s" and "1h"`)
	must(c.StaffReader == strings.TrimSpace(c.StaffReader), "staff_reader: a part of the reader's name, as kioskctl doctor lists it, without spaces around it")
	for _, part := range slices.Concat(c.IgnoreReaders, c.Readers) {
		must(strings.TrimSpace(part) != "", "readers, ignore_readers: parts of readers' names, and one is empty")
	}
	must(!c.SecondScreen || !c.SingleScreen, "second_screen and single_screen exclude each other")
	return errors.Join(problems...)
}

// checkTrust names everything in the trust folder that cannot be used. The desk starts without it all the same.
func (c config) checkTrust() error {
	if err := country.CheckFolder(c.Trust); err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	return nil
}

// addresses is a text or a list of texts.
type addresses []string

// UnmarshalTOML implements toml.Unmarshaler.
func (a *addresses) UnmarshalTOML(value any) error {
	list, several := value.([]any)
	if !several {
		list = []any{value}
	}
	*a = nil
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			return errors.New("an address is a text")
		}
		*a = append(*a, text)
	}
	return nil
}

// roots reads the authorities of the doors' certificates.
func (c config) roots() (*x509.CertPool, error) {
	pem, err := os.ReadFile(c.CentreCA)
	if err != nil {
		return nil, fmt.Errorf("the authority of the centre's certificate is missing: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in PEM")
	}
	return roots, nil
}

// desk reads the desk's certificate and key, which have to belong together and name a desk.
func (c config) desk() (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	switch {
	case err != nil:
		return tls.Certificate{}, fmt.Errorf("not a certificate with its key (kioskctl desk add writes both): %w", err)
	case pair.Leaf.Subject.CommonName == "":
		return tls.Certificate{}, errors.New("the certificate names no desk (kioskctl desk add writes one)")
	}
	return pair, nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// sideBySide reports whether two ordinary windows are wanted.
func (c config) sideBySide() bool { return c.SideBySide && !c.SecondScreen && !c.SingleScreen }

// look is which of the palettes both windows have.
func (c config) look() theme.Look { return theme.Look(slices.Index(theme.Looks[:], c.Look)) }

// choice says which of the readers that PC/SC lists are used. A security key is one when the staff sign in with it.
func (c config) choice() cardreader.Choice {
	return cardreader.Choice{Ignore: c.IgnoreReaders, Keep: append(slices.Clone(c.Readers), c.StaffReader)}
}

// settings are the rules of the session.
func (c config) settings() kiosk.Settings {
	return kiosk.Settings{DeskName: c.Name, DefaultRegion: c.Region, IdleAfter: c.IdleAfter, ShiftRequired: true,
		ClerkLanguage: c.ClerkLanguage, CitizenLanguage: c.CitizenLanguage, Languages: ui.Languages()}
}
