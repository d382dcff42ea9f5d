package main

import (
	"crypto/x509"
	"fmt"

	"balcao/mock-pcsc/pki"
)

// makeStaff makes the authorities of staff cards, and the keys and certificates of the cards.
func makeStaff(out string) error {
	authorities := map[string]*pki.Authority{}
	for _, slug := range []string{pki.StaffAuthority, pki.ForgedStaffAuthority} {
		key, err := makeKey(out, slug, "P-384")
		if err != nil {
			return err
		}
		der, err := pki.IssueStaffAuthority(slug, key)
		if err != nil {
			return fmt.Errorf("issuing %s: %w", slug, err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("parsing %s: %w", slug, err)
		}
		authorities[slug] = &pki.Authority{Slug: slug, Certificate: certificate, Key: key}
		if err := write(out, pki.StaffSpec{Slug: slug}.Path(), pemCertificate(der)); err != nil {
			return err
		}
	}
	for _, spec := range pki.Staff() {
		key, err := makeKey(out, spec.Key(), spec.KeyKind)
		if err != nil {
			return err
		}
		der, err := pki.IssueStaff(spec, key.Public(), authorities[spec.Issuer])
		if err != nil {
			return fmt.Errorf("issuing %s: %w", spec.Slug, err)
		}
		if err := write(out, spec.Path(), pemCertificate(der)); err != nil {
			return err
		}
	}
	return nil
}
