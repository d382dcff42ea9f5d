package country_test

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/sod"
	"balcao/kiosk/trust/trusttest"
)

func TestReadSOD(t *testing.T) {
	u := mustUtopia(t)
	object := trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})
	signed := trusttest.MustSOD(t, u.firstSigner, object)

	t.Run("OK", func(t *testing.T) {
		o := mustTravelObject(t, u.firstSigner)
		if differ := o.Match(trusttest.Groups); len(differ) > 0 || o.Weak || o.Hash != crypto.SHA256 || o.Signer.Country != "UT" {
			t.Errorf("got %+v, groups %v differ", o, differ)
		}
	})
	t.Run("OK/MixedHashes", func(t *testing.T) {
		mixed := trusttest.Wrap(0x77, trusttest.MustMessage(t, u.firstSigner, trusttest.OidSecurityObject, object, crypto.SHA384))
		if o, err := country.ReadSOD(mixed); err != nil || o.Weak {
			t.Errorf("got %v, %v", o, err)
		}
		if _, err := trust.ReadSOD(mixed); !errors.Is(err, sod.ErrMalformed) {
			t.Errorf("a Citizen Card: got %v", err)
		}
	})
	t.Run("OK/WeakGroupHashes", func(t *testing.T) {
		sha1 := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}
		weak := trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: sha1, Hashes: []trusttest.GroupHash{{Number: 1, Hash: make([]byte, 20)}}})
		o, err := country.ReadSOD(trusttest.MustSOD(t, u.firstSigner, weak))
		if err != nil || !o.Weak {
			t.Errorf("got %+v, %v", o, err)
		}
	})
	t.Run("OK/WeakSigner", func(t *testing.T) {
		ca := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.RsaKey())
		signer := trusttest.MustIssue(t, documentSignerTemplate(), ca, trusttest.MustKey(t))
		signer.Cert = trusttest.MustResignSHA1(t, signer.Cert, trusttest.RsaKey())
		o, err := country.ReadSOD(trusttest.MustSOD(t, signer, object))
		if err != nil || !o.Weak {
			t.Fatalf("got %+v, %v", o, err)
		}
		if _, err := mustTrust(t, ca).TrustSigner(o, trusttest.Now); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrSODSignature", func(t *testing.T) {
		altered := append([]byte(nil), signed...)
		altered[len(altered)-1] ^= 1
		if o, err := country.ReadSOD(altered); o != nil || !errors.Is(err, sod.ErrSignature) {
			t.Errorf("got %v, %v", o, err)
		}
	})
	t.Run("ErrSODFraming", func(t *testing.T) {
		for _, bad := range [][]byte{nil, signed[4:], signed[:len(signed)-1], append(append([]byte(nil), signed...), 0)} {
			if o, err := country.ReadSOD(bad); o != nil || !errors.Is(err, sod.ErrFraming) {
				t.Errorf("got %v, %v", o, err)
			}
		}
	})
	t.Run("ErrSODMalformed/ContentType", func(t *testing.T) {
		other := trusttest.Wrap(0x77, trusttest.MustMessage(t, u.firstSigner, trusttest.OidMasterList, object, crypto.SHA256))
		if o, err := country.ReadSOD(other); o != nil || !errors.Is(err, sod.ErrMalformed) {
			t.Errorf("got %v, %v", o, err)
		}
	})
}

func TestSecurityObject_Covers(t *testing.T) {
	ca := trusttest.MustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, trusttest.MustKey(t))
	signs := func(types ...string) *country.SecurityObject {
		template := documentSignerTemplate()
		if len(types) > 0 {
			var set []byte
			for _, code := range types {
				set = append(set, trusttest.Wrap(0x13, []byte(code))...)
			}
			value := trusttest.Wrap(0x30, []byte{2, 1, 0}, trusttest.Wrap(0x31, set))
			template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}, Value: value}}
		}
		return mustTravelObject(t, trusttest.MustIssue(t, template, ca, trusttest.MustKey(t)))
	}
	passports, cards, all := signs("P"), signs("AR", "ID"), signs()
	for _, tt := range []struct {
		object *country.SecurityObject
		code   string
		want   bool
	}{
		{passports, "P<", true}, {passports, "PD", true}, {passports, "P", true}, {passports, "AR", false}, {passports, "", false},
		{cards, "AR", true}, {cards, "ID", true}, {cards, "A<", false}, {cards, "I<", false}, {cards, "P<", false},
		{all, "P<", true}, {all, "AR", true},
	} {
		if got := tt.object.Covers(tt.code); got != tt.want {
			t.Errorf("%v, %q: got %v, want %v", tt.object.Signer.DocumentTypes, tt.code, got, tt.want)
		}
	}
}

func TestVerifyCardSecurity(t *testing.T) {
	u := mustUtopia(t)
	infos := trusttest.Wrap(0x31, trusttest.Wrap(0x30, trusttest.MustMarshal(t, asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, 6, 2})))
	der := trusttest.MustMessage(t, u.firstSigner, trusttest.OidCardSecurity, infos, crypto.SHA256)
	content, signer, err := country.VerifyCardSecurity(der)
	if err != nil || string(content) != string(infos) {
		t.Fatalf("got %x, %v", content, err)
	}
	if _, err := mustTrust(t, u.first).TrustCertificate(signer, trusttest.Now); err != nil {
		t.Error(err)
	}
	_, err = mustTrust(t, u.second).TrustCertificate(signer, trusttest.Now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	altered := append([]byte(nil), der...)
	altered[len(altered)-1] ^= 1
	for name, bad := range map[string][]byte{
		"altered": altered, "trailing": append(append([]byte(nil), der...), 0), "empty": nil,
		"another type": trusttest.MustMessage(t, u.firstSigner, trusttest.OidSecurityObject, infos, crypto.SHA256),
	} {
		if content, signer, err := country.VerifyCardSecurity(bad); content != nil || signer != nil || !errors.Is(err, country.ErrCardSecurity) {
			t.Errorf("%s: got %x, %v, %v", name, content, signer, err)
		}
	}
}

func FuzzReadSOD(f *testing.F) {
	u := mustUtopia(f)
	f.Add(trusttest.MustSOD(f, u.firstSigner, trusttest.MustMarshal(f, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})))
	f.Add([]byte{0x77, 0x82, 0xFF, 0xFF})
	countries := mustTrust(f, u.first, u.link)
	f.Fuzz(func(t *testing.T, signed []byte) {
		object, err := country.ReadSOD(signed)
		if (object == nil) == (err == nil) {
			t.Fatalf("got %v and %v", object, err)
		}
		if err != nil {
			return
		}
		chain, err := countries.TrustSigner(object, trusttest.Now)
		if err == nil && !chain[0].Equal(mustParse(t, u.firstSigner)) {
			t.Fatal("somebody else's certificate is believed")
		}
	})
}
