package evidence

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"balcao/kiosk/transcript"
)

// checkDesk decides whether a certificate is the one of the desk that opened the enrolment: issued by the authority of
// the desks, valid when the transcript was signed, in the desk's name, and one that the centre knows as the desk's and
// has not revoked. Nothing stands between it and the authority, so whatever else a desk sends along is refused.
func checkDesk(by transcript.Signature, signedAt time.Time, expect Expect) error {
	if expect.DeskAuthority == nil {
		return refuse(RefusedAuthority, errors.New("no desk authority is configured"))
	}
	if len(by.Chain) != 1 {
		return refuse(RefusedAuthority, fmt.Errorf("%d certificates instead of the desk's", len(by.Chain)))
	}
	leaf := by.Leaf
	roots := x509.NewCertPool()
	roots.AddCert(expect.DeskAuthority)
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, CurrentTime: signedAt, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	switch {
	case err != nil:
		return refuse(RefusedAuthority, err)
	case leaf.IsCA || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return refuse(RefusedAuthority, errors.New("not a certificate of a desk"))
	case expect.Desk == "" || leaf.Subject.CommonName != expect.Desk:
		return refuse(RefusedDesk, nil)
	case !slices.Contains(expect.DeskCertificates, sha256.Sum256(leaf.Raw)):
		return refuse(RefusedAuthority, errors.New("a certificate that the centre does not know, or has revoked"))
	}
	return nil
}
