package country

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/icao"
)

var (
	oidMasterListSigner = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 3}
	oidAnyPurpose       = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
	oidDocumentSigning  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36} // RFC 9336
)

// caUsage is what only a CA's key is for.
const caUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign

// checkAuthority refuses certificates that cannot be a country signing CA's. Its basic constraints do not decide:
// States have issued CA and link certificates whose constraints are empty or not there (8 of 588 in the German master
// list of May 2026, a Portuguese one among them), and key usage says the same.
func checkAuthority(c *icao.Certificate) error {
	switch {
	case c.Country == "":
		return errors.New("it names no country")
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("its key may not sign certificates")
	case c.KeyUsage == 0 && !c.IsCA:
		return errors.New("not a CA certificate")
	case len(c.UnknownCritical) > 0:
		return fmt.Errorf("unknown critical extension %v", c.UnknownCritical[0])
	}
	return nil
}

// checkDocumentSigner returns a *ChainError with FaultPurpose unless c may sign document security objects (Doc 9303-12
// table 6). A country signing CA also certifies signers of master lists, of bar codes and servers; they are told by
// an extended key usage, which document signers do not have.
func checkDocumentSigner(c *icao.Certificate) error {
	if err := checkEndEntity(c); err != nil {
		return err
	}
	for _, oid := range c.ExtKeyUsage {
		if !oid.Equal(oidAnyPurpose) && !oid.Equal(oidDocumentSigning) {
			return purpose("certified to sign something other than documents")
		}
	}
	return nil
}

// checkMasterListSigner returns a *ChainError with FaultPurpose unless c may sign master lists (Doc 9303-12 §7.1.1.3).
func checkMasterListSigner(c *icao.Certificate) error {
	if err := checkEndEntity(c); err != nil {
		return err
	}
	if !slices.ContainsFunc(c.ExtKeyUsage, oidMasterListSigner.Equal) {
		return purpose("not certified to sign master lists")
	}
	return nil
}

// checkEndEntity checks what all signers below a country signing CA have in common.
func checkEndEntity(c *icao.Certificate) error {
	switch {
	case c.IsCA || c.KeyUsage&caUsage != 0:
		return purpose("a CA certificate")
	case c.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return purpose("key usage without digitalSignature")
	case len(c.UnknownCritical) > 0:
		return purpose(fmt.Sprintf("unknown critical extension %v", c.UnknownCritical[0]))
	}
	return nil
}

func purpose(detail string) error {
	return &trust.ChainError{Fault: trust.FaultPurpose, Detail: detail}
}
