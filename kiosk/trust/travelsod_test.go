package trust_test

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"

	"balcao/kiosk/trust"
)

func TestReadTravelSOD(t *testing.T) {
	u := mustUtopia(t)
	object := mustMarshal(t, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)})
	sod := mustSOD(t, u.firstSigner, object)

	t.Run("OK", func(t *testing.T) {
		o := mustTravelObject(t, u.firstSigner)
		if differ := o.Match(groups); len(differ) > 0 || o.Weak || o.Hash != crypto.SHA256 || o.Signer.Country != "UT" {
			t.Errorf("got %+v, groups %v differ", o, differ)
		}
	})
	t.Run("OK/MixedHashes", func(t *testing.T) {
		mixed := wrap(0x77, mustMessage(t, u.firstSigner, oidSecurityObject, object, crypto.SHA384))
		if o, err := trust.ReadTravelSOD(mixed); err != nil || o.Weak {
			t.Errorf("got %v, %v", o, err)
		}
		if _, err := trust.ReadSOD(mixed); !errors.Is(err, trust.ErrSODMalformed) {
			t.Errorf("a Citizen Card: got %v", err)
		}
	})
	t.Run("OK/WeakGroupHashes", func(t *testing.T) {
		sha1 := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}
		weak := mustMarshal(t, securityObject{Algorithm: sha1, Hashes: []groupHash{{1, make([]byte, 20)}}})
		o, err := trust.ReadTravelSOD(mustSOD(t, u.firstSigner, weak))
		if err != nil || !o.Weak {
			t.Errorf("got %+v, %v", o, err)
		}
	})
	t.Run("OK/WeakSigner", func(t *testing.T) {
		ca := mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, rsaKey())
		signer := mustIssue(t, documentSignerTemplate(), ca, mustKey(t))
		signer.cert = mustResignSHA1(t, signer.cert, rsaKey())
		o, err := trust.ReadTravelSOD(mustSOD(t, signer, object))
		if err != nil || !o.Weak {
			t.Fatalf("got %+v, %v", o, err)
		}
		if _, err := mustTrust(t, ca).TrustSigner(o, now); err != nil {
			t.Error(err)
		}
	})
	t.Run("ErrSODSignature", func(t *testing.T) {
		altered := append([]byte(nil), sod...)
		altered[len(altered)-1] ^= 1
		if o, err := trust.ReadTravelSOD(altered); o != nil || !errors.Is(err, trust.ErrSODSignature) {
			t.Errorf("got %v, %v", o, err)
		}
	})
	t.Run("ErrSODFraming", func(t *testing.T) {
		for _, bad := range [][]byte{nil, sod[4:], sod[:len(sod)-1], append(append([]byte(nil), sod...), 0)} {
			if o, err := trust.ReadTravelSOD(bad); o != nil || !errors.Is(err, trust.ErrSODFraming) {
				t.Errorf("got %v, %v", o, err)
			}
		}
	})
	t.Run("ErrSODMalformed/ContentType", func(t *testing.T) {
		other := wrap(0x77, mustMessage(t, u.firstSigner, oidMasterList, object, crypto.SHA256))
		if o, err := trust.ReadTravelSOD(other); o != nil || !errors.Is(err, trust.ErrSODMalformed) {
			t.Errorf("got %v, %v", o, err)
		}
	})
}

func TestTravelObject_Covers(t *testing.T) {
	ca := mustIssue(t, countryTemplate("UT", "CSCA Utopia"), nil, mustKey(t))
	signs := func(types ...string) *trust.TravelObject {
		template := documentSignerTemplate()
		if len(types) > 0 {
			var set []byte
			for _, code := range types {
				set = append(set, wrap(0x13, []byte(code))...)
			}
			value := wrap(0x30, []byte{2, 1, 0}, wrap(0x31, set))
			template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}, Value: value}}
		}
		return mustTravelObject(t, mustIssue(t, template, ca, mustKey(t)))
	}
	passports, cards, all := signs("P"), signs("AR", "ID"), signs()
	for _, tt := range []struct {
		object *trust.TravelObject
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
	infos := wrap(0x31, wrap(0x30, mustMarshal(t, asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, 6, 2})))
	der := mustMessage(t, u.firstSigner, oidCardSecurity, infos, crypto.SHA256)
	content, signer, err := trust.VerifyCardSecurity(der)
	if err != nil || string(content) != string(infos) {
		t.Fatalf("got %x, %v", content, err)
	}
	if _, err := mustTrust(t, u.first).TrustCertificate(signer, now); err != nil {
		t.Error(err)
	}
	_, err = mustTrust(t, u.second).TrustCertificate(signer, now)
	if got, want := trust.FaultOf(err), trust.FaultUntrusted; got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	altered := append([]byte(nil), der...)
	altered[len(altered)-1] ^= 1
	for name, bad := range map[string][]byte{
		"altered": altered, "trailing": append(append([]byte(nil), der...), 0), "empty": nil,
		"another type": mustMessage(t, u.firstSigner, oidSecurityObject, infos, crypto.SHA256),
	} {
		if content, signer, err := trust.VerifyCardSecurity(bad); content != nil || signer != nil || !errors.Is(err, trust.ErrCardSecurity) {
			t.Errorf("%s: got %x, %v, %v", name, content, signer, err)
		}
	}
}

func FuzzReadTravelSOD(f *testing.F) {
	u := mustUtopia(f)
	f.Add(mustSOD(f, u.firstSigner, mustMarshal(f, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)})))
	f.Add([]byte{0x77, 0x82, 0xFF, 0xFF})
	countries := mustTrust(f, u.first, u.link)
	f.Fuzz(func(t *testing.T, sod []byte) {
		object, err := trust.ReadTravelSOD(sod)
		if (object == nil) == (err == nil) {
			t.Fatalf("got %v and %v", object, err)
		}
		if err != nil {
			return
		}
		chain, err := countries.TrustSigner(object, now)
		if err == nil && !chain[0].Equal(mustParse(t, u.firstSigner)) {
			t.Fatal("somebody else's certificate is believed")
		}
	})
}

func FuzzParseGroupHashes(f *testing.F) {
	f.Add(mustMarshal(f, securityObject{Algorithm: sha256ID, Hashes: hashesOf(1, 3, 4)}))
	info := mustMarshal(f, struct{ LDS, Unicode string }{"0108", "040000"})
	f.Add(mustMarshal(f, securityObject{Version: 1, Algorithm: sha256ID, Hashes: hashesOf(1), Info: asn1.RawValue{FullBytes: info}}))
	f.Fuzz(func(t *testing.T, der []byte) {
		g, err := trust.ParseGroupHashes(der)
		if err != nil {
			if g.Hashes != nil || !errors.Is(err, trust.ErrSODMalformed) {
				t.Fatalf("got %v beside %v", g, err)
			}
			return
		}
		for number, hash := range g.Hashes {
			if number < 1 || number > 16 || len(hash) != g.Hash.Size() {
				t.Fatalf("group %d has a hash of %d bytes", number, len(hash))
			}
		}
	})
}
