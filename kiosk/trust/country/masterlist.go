package country

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/cms"
	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
)

// ErrMasterList says that bytes are not a master list, or one whose signature does not verify.
var ErrMasterList = errors.New("not a signed master list")

// maxListed bounds a master list; the largest known one has some 600 certificates.
const maxListed = 10000

var oidMasterList = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}

// MasterList is the country signing certificates that one State has verified and signed for others
// (Doc 9303-12 §9).
type MasterList struct {
	Version      int
	Certificates []*icao.Certificate // in the order of the list
	Unreadable   int                 // certificates of the list that are none
	Signer       *icao.Certificate
	SigningTime  time.Time // as the signer claims; zero when not stated
	Others       int       // further lists of the file, which are older or of other signers and were not used
}

// MaxMasterList is more than any file of master lists has, in bytes. That of the ICAO PKD with all its States has some 30 MB.
const MaxMasterList = 128 << 20

// ReadMasterList verifies a master list, in DER, PEM, base64 or LDIF: that a signer certified for such lists made it, valid at the time given, under
// one of the roots, which are country signing certificates that the operator has from elsewhere. Without a root
// there is no list: the one inside would vouch for itself. The error wraps ErrMasterList, or is a *ChainError about the
// signer.
//
// Whose the certificates are is the word of the State that signed. Whether one may be used at all is seen when it is:
// a CA whose RSA key has less than 2048 bits is in the list like any other, and nothing it signed is believed.
//
// Of several lists in the file it is the newest that can be believed.
func ReadMasterList(file []byte, roots []*icao.Certificate, at time.Time) (*MasterList, error) {
	u := folder.Unpack(file)
	lists := u.MasterLists()
	if len(lists) == 0 {
		return nil, fmt.Errorf("%w: the file is %s", ErrMasterList, u)
	}
	var newest *MasterList
	var failure error
	for _, ml := range lists {
		l, err := readMasterList(ml, roots, at)
		switch {
		case err != nil && (failure == nil || trust.FaultOf(err) != ""):
			failure = err
		case err == nil && (newest == nil || l.SigningTime.After(newest.SigningTime)):
			newest = l
		}
	}
	if newest == nil {
		if trust.FaultOf(failure) == "" || len(lists) > 1 {
			failure = u.Named(failure)
		}
		return nil, failure
	}
	newest.Others = len(lists) - 1
	return newest, nil
}

func readMasterList(ml []byte, roots []*icao.Certificate, at time.Time) (*MasterList, error) {
	verified, err := cms.Verify(ml, cms.Options{MixedHashes: true, ParseKey: icao.ParsePublicKey})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMasterList, err)
	}
	if !verified.ContentType.Equal(oidMasterList) {
		return nil, fmt.Errorf("%w: content of another type", ErrMasterList)
	}
	list := &MasterList{SigningTime: verified.SigningTime}
	if list.Signer, err = icao.ParseCertificate(verified.Signer); err != nil {
		return nil, fmt.Errorf("%w: signer's certificate: %w", ErrMasterList, err)
	}
	anchors, err := New(roots)
	if err != nil {
		return nil, err
	}
	if _, err := anchors.chain(list.Signer, at, checkMasterListSigner); err != nil {
		return nil, err
	}
	if err := list.read(verified.Content); err != nil {
		return nil, err
	}
	return list, nil
}

// read reads CscaMasterList (Doc 9303-12 §9.2).
func (l *MasterList) read(ber []byte) error {
	der, err := icao.DER(ber)
	if err != nil {
		return fmt.Errorf("%w: content: %w", ErrMasterList, err)
	}
	input := cryptobyte.String(der)
	var list, set cryptobyte.String
	if !input.ReadASN1(&list, cbasn1.SEQUENCE) || !input.Empty() || !list.ReadASN1Integer(&l.Version) || l.Version != 0 ||
		!list.ReadASN1(&set, cbasn1.SET) || !list.Empty() || set.Empty() {
		return fmt.Errorf("%w: content", ErrMasterList)
	}
	for !set.Empty() {
		var element cryptobyte.String
		if !set.ReadASN1Element(&element, cbasn1.SEQUENCE) || len(l.Certificates)+l.Unreadable == maxListed {
			return fmt.Errorf("%w: content", ErrMasterList)
		}
		c, err := icao.ParseCertificate(element)
		if err != nil {
			l.Unreadable++
			continue
		}
		l.Certificates = append(l.Certificates, c)
	}
	return nil
}

// HoldsMasterList reports whether a file holds a master list, in any of the forms that ReadMasterList reads.
func HoldsMasterList(path string) bool {
	data, err := folder.ReadBounded(path, MaxMasterList)
	return err == nil && len(folder.Unpack(data).MasterLists()) > 0
}
