package registrar_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/evidence"
	"balcao/kiosk/registrar"
	"balcao/kiosk/transcript"
)

// What a desk in the hands of an attacker can send: it logs in as a desk, has genuine cards and whatever
// they were made to sign, and writes every byte itself. None of this is built with transcript.Sign, which
// refuses to make most of it.

// forgery is what such a desk binds. The zero changes are an honest enrolment.
type forgery struct {
	*cardVisit
	transcript transcript.Transcript
	payload    func(canonical []byte) []byte         // what is signed instead of the transcript
	header     map[string]any                        // protected header; by default the one of an honest desk
	signer     func(input []byte) []byte             // by default the card in the reader
	envelope   func(payload, header, sig string) any // instead of what is signed and the citizen's signature: signed
	identity   []byte
	sod        []byte
	sealed     []byte
}

func forge(v *cardVisit) *forgery {
	f := &forgery{cardVisit: v, transcript: v.transcript(), identity: v.card.files.Identity, sod: v.card.files.SOD, sealed: v.sealed}
	f.signer = f.signedBy(v.card)
	f.header = header(v.card)
	return f
}

func header(card *heldCard) map[string]any {
	alg := "RS256"
	if card.Generation() == "2024" {
		alg = "ES256"
	}
	return map[string]any{"alg": alg, "typ": "balcao-citizen", "x5c": x5c(card.chain...)}
}

func x5c(chain ...[]byte) (list []string) {
	for _, der := range chain {
		list = append(list, base64.StdEncoding.EncodeToString(der))
	}
	return list
}

// signedBy has a genuine card sign, as the holder's PIN allows.
func (f *forgery) signedBy(card *heldCard) func([]byte) []byte {
	return func(input []byte) []byte {
		f.t.Helper()
		digest := sha256.Sum256(input)
		signature, err := card.SignDigest(f.ctx, digest[:])
		f.check(err)
		return signature
	}
}

// signAs has another card sign and names it as the signer.
func (f *forgery) signAs(card *heldCard) {
	f.signer, f.header = f.signedBy(card), header(card)
}

// jws writes the JWS byte by byte. json.Marshal orders a map's keys by name, which is the canonical
// order of the header.
func (f *forgery) jws() []byte {
	f.t.Helper()
	payload, err := f.transcript.Encode()
	f.check(err)
	if f.payload != nil {
		payload = f.payload(payload)
	}
	protected, err := json.Marshal(f.header)
	f.check(err)
	p, h := b64(payload), b64(protected)
	signature := b64(f.signer([]byte(h + "." + p)))
	envelope := any(general(p, h, signature))
	if f.envelope != nil {
		envelope = f.envelope(p, h, signature)
	}
	if g, is := envelope.(signed); is {
		envelope = g.bothBy(f.bench, f.Centre.Desk())
	}
	out, err := json.Marshal(envelope)
	f.check(err)
	return out
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func (f *forgery) bind() {
	f.t.Helper()
	_, err := f.Centre.Bind(f.ctx, f.id, transcript.Evidence{JWS: f.jws(), Identity: f.identity, SOD: f.sod, SealedPIN: f.sealed}, false)
	f.check(err)
}

// forgeries are enrolments with a good card of the first generation. Each differs from an honest one in one
// thing and is refused for it.
var forgeries = []struct {
	name   string
	reason string
	change func(*forgery, *cards)
}{
	{"payload changed after the signature", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.envelope = func(payload, header, signature string) any {
			changed, err := base64.RawURLEncoding.DecodeString(payload)
			f.check(err)
			changed = bytes.Replace(changed, []byte(`"language":"pt"`), []byte(`"language":"en"`), 1)
			return general(b64(changed), header, signature)
		}
	}},
	{"one bit of the signature", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		sign := f.signer
		f.signer = func(input []byte) []byte { s := sign(input); s[40] ^= 1; return s }
	}},
	{"signature over the bare challenge", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		sign := f.signer // what a desk gets from a card that proves its key
		f.signer = func([]byte) []byte { return sign(f.opened.Challenge) }
	}},
	{"another card's signature under the holder's certificate", evidence.RefusedSignature, func(f *forgery, c *cards) {
		f.signer = f.signedBy(c.read(f.t, "cc1-rsa3072"))
	}},
	{"another person's genuine card", string(kiosk.ReasonPersonMismatch), func(f *forgery, c *cards) {
		f.signAs(c.read(f.t, "cc1-rsa3072"))
	}},
	{"another person's genuine card of the other generation", string(kiosk.ReasonPersonMismatch), func(f *forgery, c *cards) {
		f.signAs(c.read(f.t, "cc2024"))
	}},
	{"another challenge", evidence.RefusedChallenge, func(f *forgery, _ *cards) {
		f.transcript.Challenge = make([]byte, 32)
		rand.Read(f.transcript.Challenge)
	}},
	{"no challenge", evidence.RefusedChallenge, func(f *forgery, _ *cards) { f.transcript.Challenge = nil }},
	{"another enrolment", evidence.RefusedEnrolment, func(f *forgery, _ *cards) { f.transcript.Enrolment = newID() }},
	{"another desk", evidence.RefusedDesk, func(f *forgery, _ *cards) { f.transcript.Desk = "loja_2" }},
	{"opened at another time", evidence.RefusedTime, func(f *forgery, _ *cards) {
		f.transcript.OpenedAt = f.transcript.OpenedAt.Add(time.Millisecond)
	}},
	{"signed before it was opened", evidence.RefusedTime, func(f *forgery, _ *cards) {
		f.transcript.SignedAt = f.transcript.OpenedAt.Add(-6 * time.Minute)
	}},
	{"signed in the future", evidence.RefusedTime, func(f *forgery, _ *cards) {
		f.transcript.SignedAt = time.Now().Add(6 * time.Minute)
	}},
	{"contact that nobody proved", evidence.RefusedContact, func(f *forgery, _ *cards) {
		f.transcript.Contacts[0].Value = "+351919999999"
	}},
	{"proof that the centre never gave", evidence.RefusedContact, func(f *forgery, _ *cards) {
		f.transcript.Contacts[0] = fabricated(kiosk.SMS, f.value)
	}},
	{"one contact more", evidence.RefusedContact, func(f *forgery, _ *cards) {
		f.transcript.Contacts = append(f.transcript.Contacts, fabricated(kiosk.Email, "ladrao@exemplo.pt"))
	}},
	{"the same contact twice", evidence.RefusedContact, func(f *forgery, _ *cards) {
		f.transcript.Contacts = append(f.transcript.Contacts, f.transcript.Contacts[0])
	}},
	{"no contact", evidence.RefusedContact, func(f *forgery, _ *cards) { f.transcript.Contacts = nil }},
	{"sealed PIN swapped", evidence.RefusedPIN, func(f *forgery, _ *cards) { f.sealed = f.seal(f.id, "739150") }},
	{"PIN sealed for another enrolment", registrar.RefusedSeal, func(f *forgery, _ *cards) {
		f.sealed = f.seal(newID(), goodPIN)
		f.transcript.SealedPIN = hash(f.sealed)
	}},
	{"PIN that is none", registrar.RefusedSeal, func(f *forgery, _ *cards) {
		f.sealed = []byte("not sealed at all")
		f.transcript.SealedPIN = hash(f.sealed)
	}},
	{"PIN against the rules", registrar.RefusedPIN, func(f *forgery, _ *cards) {
		f.sealed = f.seal(f.id, "123456")
		f.transcript.SealedPIN = hash(f.sealed)
	}},
	{"PIN from the tax number", registrar.RefusedPIN, func(f *forgery, _ *cards) {
		f.sealed = f.seal(f.id, f.card.holder.TaxNumber[2:8])
		f.transcript.SealedPIN = hash(f.sealed)
	}},
	{"PIN from the phone", registrar.RefusedPIN, func(f *forgery, _ *cards) {
		f.sealed = f.seal(f.id, f.phone[len(f.phone)-6:])
		f.transcript.SealedPIN = hash(f.sealed)
	}},
	{"another person's identity after the signature", evidence.RefusedDocument, func(f *forgery, c *cards) {
		f.identity = c.read(f.t, "cc1-rsa3072").files.Identity
	}},
	{"another person's SOD after the signature", evidence.RefusedDocument, func(f *forgery, c *cards) {
		f.sod = c.read(f.t, "cc1-rsa3072").files.SOD
	}},
	{"another person's SOD, signed for", string(kiosk.ReasonDataAltered), func(f *forgery, c *cards) {
		f.sod = c.read(f.t, "cc1-rsa3072").files.SOD
		f.transcript.Document.SOD = hash(f.sod)
	}},
	{"another person's identity and SOD, signed for", string(kiosk.ReasonPersonMismatch), func(f *forgery, c *cards) {
		f.describe(c.read(f.t, "cc1-rsa3072"))
	}},
	{"identity file changed, signed for", string(kiosk.ReasonDataAltered), func(f *forgery, _ *cards) {
		f.identity = bytes.Clone(f.identity)
		i := bytes.Index(f.identity, []byte(f.card.holder.CivilNumber))
		f.identity[i] ^= 1
		f.transcript.Document.Identity = hash(f.identity)
	}},
	{"no identity file to speak of", string(kiosk.ReasonMalformed), func(f *forgery, _ *cards) {
		f.identity = make([]byte, len(f.identity))
		f.transcript.Document.Identity = hash(f.identity)
	}},
	{"SOD that is none", string(kiosk.ReasonSODUnreadable), func(f *forgery, _ *cards) {
		f.sod = []byte("SOD")
		f.transcript.Document.SOD = hash(f.sod)
	}},
	{"another name in the transcript", evidence.RefusedDocument, func(f *forgery, _ *cards) { f.transcript.Person.Surname = "Outra" }},
	{"another tax number in the transcript", evidence.RefusedDocument, func(f *forgery, _ *cards) {
		f.transcript.Person.TaxNumber = "400000004"
	}},
	{"a longer life in the transcript", evidence.RefusedDocument, func(f *forgery, _ *cards) { f.transcript.Document.ValidUntil.Year += 10 }},
	{"another kind of document", evidence.RefusedDocument, func(f *forgery, _ *cards) { f.transcript.Document.Kind = "passport" }},
	{"first generation called 2024", string(kiosk.ReasonDataAltered), func(f *forgery, _ *cards) { f.transcript.Document.Generation = "2024" }},
	{"generation that does not exist", string(kiosk.ReasonMalformed), func(f *forgery, _ *cards) { f.transcript.Document.Generation = "3" }},

	{"clerk's self-signed certificate", string(kiosk.ReasonChainUntrusted), func(f *forgery, _ *cards) { f.selfMade(false) }},
	{"clerk's own authority of the same name", string(kiosk.ReasonChainUntrusted), func(f *forgery, _ *cards) { f.selfMade(true) }},

	{"alg none", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.header["alg"] = "none"
		f.signer = func([]byte) []byte { return nil }
	}},
	{"HS256 with the public key as its secret", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.header["alg"] = "HS256"
		leaf, err := x509.ParseCertificate(f.card.files.Certificate)
		f.check(err)
		f.signer = func(input []byte) []byte {
			mac := hmac.New(sha256.New, leaf.RawSubjectPublicKeyInfo)
			mac.Write(input)
			return mac.Sum(nil)
		}
	}},
	{"ES256 over an RSA key", evidence.RefusedSignature, func(f *forgery, _ *cards) { f.header["alg"] = "ES256" }},
	{"PS256 named, RS256 made", evidence.RefusedSignature, func(f *forgery, _ *cards) { f.header["alg"] = "PS256" }},
	{"a key in the header", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.header["jwk"] = map[string]string{"kty": "oct", "k": "c2VjcmV0"}
	}},
	{"an unencoded payload (RFC 7797)", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.header["b64"], f.header["crit"] = false, []string{"b64"}
	}},
	{"a clerk's signature for a citizen's", evidence.RefusedSignature, func(f *forgery, _ *cards) { f.header["typ"] = "balcao-clerk" }},
	{"no certificate", evidence.RefusedSignature, func(f *forgery, _ *cards) { f.header["x5c"] = []string{} }},
	{"an unprotected header", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.envelope = func(payload, header, signature string) any {
			return signed{payload, []any{map[string]any{
				"header": map[string]string{"alg": "none"}, "protected": header, "signature": signature,
			}}}
		}
	}},
	{"a second signature of the citizen", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.envelope = func(payload, header, signature string) any {
			one := map[string]any{"protected": header, "signature": signature}
			return signed{payload, []any{one, one}}
		}
	}},
	{"the desk's signature alone", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.envelope = func(payload, _, _ string) any { return signed{payload: payload} }
	}},
	{"no signature of the desk", evidence.RefusedDesk, func(f *forgery, _ *cards) {
		f.envelope = func(payload, header, signature string) any {
			return map[string]any{"payload": payload, "signatures": general(payload, header, signature).citizens}
		}
	}},
	{"another desk's signature", evidence.RefusedDesk, func(f *forgery, _ *cards) {
		f.envelope = func(payload, header, signature string) any {
			return general(payload, header, signature).bothBy(f.bench, "loja_2")
		}
	}},
	{"not a JWS", evidence.RefusedSignature, func(f *forgery, _ *cards) {
		f.envelope = func(_, _, _ string) any { return map[string]any{} }
	}},
	{"a transcript with one field more, signed", evidence.RefusedForm, func(f *forgery, _ *cards) {
		f.payload = func(canonical []byte) []byte {
			return append(bytes.TrimSuffix(canonical, []byte("}")), `,"note":"x"}`...)
		}
	}},
	{"a transcript with a field twice, signed", evidence.RefusedForm, func(f *forgery, _ *cards) {
		f.payload = func(canonical []byte) []byte {
			return append(bytes.TrimSuffix(canonical, []byte("}")), `,"desk":"loja_1"}`...)
		}
	}},
	{"a transcript of a later version, signed", evidence.RefusedForm, func(f *forgery, _ *cards) { f.transcript.Version++ }},
	{"a word that is signed", evidence.RefusedForm, func(f *forgery, _ *cards) {
		f.payload = func([]byte) []byte { return []byte("olá") }
	}},
}

// signed is what is signed, and the signatures before the desk's.
type signed struct {
	payload  string
	citizens []any
}

func general(payload, header, signature string) signed {
	return signed{payload, []any{map[string]any{"protected": header, "signature": signature}}}
}

// bothBy has a desk sign as well, and the clerk: whoever has the desk has its key.
func (s signed) bothBy(b *bench, desk string) any {
	b.t.Helper()
	key := b.DB.Desk(desk)
	protected, err := json.Marshal(map[string]any{"alg": "ES256", "typ": "balcao-desk", "x5c": x5c(key.Certificate...)})
	b.check(err)
	header := b64(protected)
	signature := signWith(b, key.PrivateKey.(*ecdsa.PrivateKey), []byte(header+"."+s.payload))
	protected, err = json.Marshal(map[string]any{"alg": "ES256", "typ": "balcao-staff", "x5c": x5c(b.clerk.chain()...)})
	b.check(err)
	staff := b64(protected)
	clerks := signWith(b, b.clerk.card.Key.(*ecdsa.PrivateKey), []byte(staff+"."+s.payload))
	return map[string]any{"payload": s.payload, "signatures": append(s.citizens,
		map[string]any{"protected": header, "signature": b64(signature)}, map[string]any{"protected": staff, "signature": b64(clerks)})}
}

// signWith is ES256 (RFC 7518 §3.4).
func signWith(b *bench, key *ecdsa.PrivateKey, input []byte) []byte {
	b.t.Helper()
	digest := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	b.check(err)
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

// describe makes the transcript and what lies beside it speak of another card, whoever signs.
func (f *forgery) describe(other *heldCard) {
	f.identity, f.sod = other.files.Identity, other.files.SOD
	of := *f.cardVisit
	of.card = other
	person := of.transcript()
	f.transcript.Document, f.transcript.Person = person.Document, person.Person
}

// selfMade signs with a key of the clerk's own, under a certificate that copies everything that can be
// copied of the genuine one: names, purposes, policies, where to ask.
func (f *forgery) selfMade(withAuthority bool) {
	f.t.Helper()
	genuine, err := x509.ParseCertificate(f.card.files.Certificate)
	f.check(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	f.check(err)
	template := &x509.Certificate{
		SerialNumber: genuine.SerialNumber, RawSubject: genuine.RawSubject, NotBefore: genuine.NotBefore, NotAfter: genuine.NotAfter,
		KeyUsage: genuine.KeyUsage, BasicConstraintsValid: true, OCSPServer: genuine.OCSPServer,
		CRLDistributionPoints: genuine.CRLDistributionPoints, AuthorityKeyId: genuine.AuthorityKeyId, SubjectKeyId: genuine.SubjectKeyId,
	}
	for _, e := range genuine.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 32}) || e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 9}) {
			template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: e.Id, Value: e.Value})
		}
	}
	parent := &x509.Certificate{
		SerialNumber: big.NewInt(1), RawSubject: genuine.RawIssuer, IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		NotBefore: genuine.NotBefore, NotAfter: genuine.NotAfter, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: genuine.AuthorityKeyId,
	}
	var chain [][]byte
	if withAuthority {
		root, err := x509.CreateCertificate(rand.Reader, parent, parent, key.Public(), key)
		f.check(err)
		chain = [][]byte{root}
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
	f.check(err)
	f.header = map[string]any{"alg": "ES256", "typ": "balcao-citizen", "x5c": x5c(append([][]byte{leaf}, chain...)...)}
	f.signer = func(input []byte) []byte { return signWith(f.bench, key, input) }
}

// badCards are cards of the fixtures that a desk binds as if they were good, and what the centre refuses
// them for. The desk's own reasons need the card: a photograph, a PIN, the one that is pulled.
var badCards = map[string]string{
	"cc1-altered":             string(kiosk.ReasonDataAltered),
	"cc1-stranger-sod":        string(kiosk.ReasonSODUntrusted),
	"cc2024-stranger-sod":     string(kiosk.ReasonSODUntrusted),
	"cc1-self-signed-sod":     string(kiosk.ReasonSODUntrusted),
	"cc2024-self-signed-sod":  string(kiosk.ReasonSODUntrusted),
	"cc1-broken-sod":          string(kiosk.ReasonSODInvalid),
	"cc1-forged-chain":        string(kiosk.ReasonChainUntrusted),
	"cc2024-forged-chain":     string(kiosk.ReasonChainUntrusted),
	"cc1-certificate-expired": string(kiosk.ReasonCertificateExpired),
	"cc1-revoked":             string(kiosk.ReasonCertificateRevoked),
	"cc2024-revoked":          string(kiosk.ReasonCertificateRevoked),
	"cc1-suspended":           string(kiosk.ReasonCertificateSuspended),
	"cc1-wrong-purpose":       string(kiosk.ReasonCertificatePurpose),
	"cc2024-wrong-purpose":    string(kiosk.ReasonCertificatePurpose),
	"cc1-clone":               evidence.RefusedSignature,
	"cc2024-clone":            evidence.RefusedSignature,
	"cc1-other-person":        string(kiosk.ReasonPersonMismatch),
	"cc1-document-expired":    string(kiosk.ReasonDocumentExpired),
	"cc2024-fifteen":          string(kiosk.ReasonUnderAge),
}

// newForger returns a bench whose worker verifies for real, and the cards.
func newForger(t *testing.T) (*bench, *cards) {
	t.Helper()
	b := newBench(t)
	fixtures := useCards(b)
	b.start(1, nil)
	return b, fixtures
}

// prove proves a phone of this visit's own.
func (v *cardVisit) prove() {
	v.t.Helper()
	v.phone = fmt.Sprintf("+35192%07d", lastNumber.Add(1))
	v.askForCode(kiosk.SMS, v.phone)
	v.confirm(v.SMS.Code(v.ctx, v.t, v.phone))
}

func TestForgery_Transcript(t *testing.T) {
	b, fixtures := newForger(t)
	for _, tt := range forgeries {
		v := b.openWith(fixtures.read(t, "cc1-rsa2048"))
		v.prove()
		f := forge(v)
		tt.change(f, fixtures)
		f.bind()
		b.refused(tt.name, v, tt.reason)
	}
	// The same hand, with nothing changed: what was refused above was refused for the change alone.
	for _, name := range []string{"cc1-rsa2048", "cc2024"} {
		v := b.openWith(fixtures.read(t, name))
		v.prove()
		forge(v).bind()
		if got := v.judged(); got.State != central.StateActive {
			t.Errorf("%s, honestly: got %s for %q", name, got.State, got.Refusal)
		}
	}
}

func TestForgery_BadCards(t *testing.T) {
	b, fixtures := newForger(t)
	for name, reason := range badCards {
		v := b.openWith(fixtures.read(t, name))
		v.prove()
		forge(v).bind()
		b.refused(name, v, reason)
	}
}

// A card signed an enrolment that came to nothing; what it signed is used again.
func TestForgery_Replay(t *testing.T) {
	b, fixtures := newForger(t)
	card := fixtures.read(t, "cc1-rsa2048")
	first := b.openWith(card)
	first.prove()
	old := forge(first)
	captured := old.jws()
	b.check(b.Centre.Abandon(b.ctx, first.id, "person_left"))

	replay := func(name string, desk *central.Centre, reason string) {
		own := b.Centre
		b.Centre = desk
		defer func() { b.Centre = own }()
		v := b.openWith(card)
		v.prove()
		_, err := desk.Bind(b.ctx, v.id, transcript.Evidence{JWS: captured, Identity: old.identity, SOD: old.sod, SealedPIN: old.sealed}, false)
		b.check(err)
		b.refused(name, v, reason)
	}
	replay("at the same desk", b.Centre, evidence.RefusedEnrolment)
	other := b.Dial(t, "loja_2")
	replay("at another desk", other, evidence.RefusedDesk)

	// The identifier of an enrolment is nobody else's, ended or not.
	for name, desk := range map[string]*central.Centre{central.RefusedEnded: b.Centre, central.RefusedUnknown: other} {
		_, err := desk.Open(b.ctx, first.id, central.Person{Shift: b.clerk.at(desk), Document: kiosk.CitizenCard, Country: "PRT", CivilNumber: card.holder.CivilNumber})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("opening it again: got %v, want %s", err, name)
		}
	}
}

// An enrolment opened for one person and bound with the card of another.
func TestForgery_OpenedForAnother(t *testing.T) {
	b, fixtures := newForger(t)
	victim, thief := fixtures.read(t, "cc1-rsa2048"), fixtures.read(t, "cc1-rsa3072")
	v := b.openFor(thief, victim.holder.CivilNumber)
	v.prove()
	forge(v).bind()
	b.refused("the thief's own documents", v, evidence.RefusedDocument)

	v = b.openFor(thief, victim.holder.CivilNumber)
	v.prove()
	f := forge(v)
	f.describe(victim)
	f.bind()
	b.refused("the victim's data under the thief's signature", v, string(kiosk.ReasonPersonMismatch))
}

// refused checks that an enrolment was refused for one reason, made no key, that the desk was told, and
// that the centre has forgotten the person.
func (b *bench) refused(name string, v *cardVisit, reason string) {
	b.t.Helper()
	b.told(name, v)
	if got := v.judged(); got.State != central.StateRefused || got.Refusal != reason {
		b.t.Errorf("%s: got %s for %q, want refused for %q", name, got.State, got.Refusal, reason)
	}
	if n := scalar[int](b, `select count(*) from centre.key where enrolment = $1`, v.id); n != 0 {
		b.t.Errorf("%s: %d keys", name, n)
	}
	if n := scalar[int](b, `select count(*) from centre.job where enrolment = $1 and kind = 'welcome'`, v.id); n != 0 {
		b.t.Errorf("%s: welcomed", name)
	}
	if !scalar[bool](b, `select jws is null and identity is null and sod is null and sealed_pin is null and verification is null
		from centre.evidence where enrolment = $1`, v.id) {
		b.t.Errorf("%s: evidence is still there", name)
	}
	everything := b.dump()
	for _, personal := range []string{v.phone, v.card.holder.Surname, v.card.holder.GivenNames, v.card.holder.DocumentNumber} {
		if strings.Contains(everything, personal) {
			b.t.Errorf("%s: the database still holds %q", name, personal)
		}
	}
	if regexp.MustCompile(`\D` + v.card.holder.CivilNumber[:8] + `\d?\D`).MatchString(everything) {
		b.t.Errorf("%s: the database still holds the civil number", name)
	}
	log := b.Log.String()
	if !regexp.MustCompile(`"enrolment":"` + v.id.String() + `"[^\n]*"` + reason + `"`).MatchString(log) {
		b.t.Errorf("%s: the log does not say that %s was refused for %s", name, v.id, reason)
	}
}

// told waits until the desk has heard that its enrolment ended.
func (b *bench) told(name string, v *cardVisit) {
	b.t.Helper()
	for {
		n, err := b.notices.WaitForNotification(b.ctx)
		if err != nil {
			b.t.Fatalf("%s: the desk was not told: %v\n%s", name, err, b.Log)
		}
		var told struct{ Desk, Enrolment, Kind string }
		b.check(json.Unmarshal([]byte(n.Payload), &told))
		if told.Desk == v.Centre.Desk() && told.Enrolment == v.id.String() && told.Kind == "key" {
			return
		}
	}
}

// dump is every row of every table, as text.
func (b *bench) dump() string {
	b.t.Helper()
	rows, err := b.Admin.Query(b.ctx, `select format('select coalesce(string_agg(t::text, E''\n''), '''') from %s t', c.oid::regclass)
		from pg_class c where c.relkind = 'r' and c.relnamespace = 'centre'::regnamespace`)
	b.check(err)
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	b.check(err)
	var all strings.Builder
	for _, q := range queries {
		all.WriteString(scalar[string](b, q))
		all.WriteByte('\n')
	}
	return all.String()
}
