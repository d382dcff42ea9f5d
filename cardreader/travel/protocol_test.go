package travel_test

import (
	"bytes"
	"context"
	"errors"
	"math/big"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

// exchange is a command and what the chip answers.
type exchange struct {
	Name      string
	Cmd, Rsp  octets
	CmdWith84 octets `json:"cmd_with_84"`
}

// script answers the commands that it expects, and no other.
type script struct {
	t         *testing.T
	exchanges []exchange
}

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if len(s.exchanges) == 0 {
		s.t.Errorf("one command too many: %X", command)
		return []byte{0x6F, 0}, nil
	}
	e := s.exchanges[0]
	s.exchanges = s.exchanges[1:]
	if !bytes.Equal(command, e.Cmd) {
		s.t.Errorf("%s: sent\n%X, want\n%X", e.Name, command, e.Cmd)
	}
	return e.Rsp, nil
}

// sameSession compares sessions by what they make of a command.
func sameSession(t *testing.T, got, want *secure.Session) {
	t.Helper()
	command := iso7816.Command{INS: 0xB0, P1: 0x81, Data: []byte("any"), Le: 7}
	left, err := got.Protect(command)
	if err != nil {
		t.Fatal(err)
	}
	right, err := want.Protect(command)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(left.Data, right.Data) {
		t.Errorf("session: got %X, want %X", left.Data, right.Data)
	}
}

func TestBasicAccess_Vectors(t *testing.T) {
	eachVector(t, "bac-auth", func(t *testing.T, read func(any)) {
		var v struct {
			RndIFD  octets `json:"rnd_ifd"`
			KIFD    octets `json:"k_ifd"`
			Get     octets `json:"get_challenge"`
			GetRsp  octets `json:"get_challenge_rsp"`
			Cmd     octets
			Rsp     octets
			KSEnc   octets `json:"ks_enc"`
			KSMac   octets `json:"ks_mac"`
			SSC     octets `json:"ssc"`
			MRZInfo string `json:"mrz_info"`
		}
		read(&v)
		card := &script{t: t, exchanges: []exchange{{"challenge", v.Get, v.GetRsp, nil}, {"authenticate", v.Cmd, v.Rsp, nil}}}
		seed := travel.BasicSeed(travel.FromMRZ("L898902C<369080619406236")) // of D.2, which this example goes on from
		session, err := travel.BasicAccess(context.Background(), card, bytes.NewReader(append(v.RndIFD, v.KIFD...)), seed)
		if err != nil {
			t.Fatal(err)
		}
		sameSession(t, session, secure.NewFromKeys(secure.TripleDES, v.KSEnc, v.KSMac, v.SSC))
	})
}

func TestFromMRZ_Vectors(t *testing.T) {
	eachVector(t, "bac-seed", func(t *testing.T, read func(any)) {
		var v struct {
			MRZInfo string `json:"mrz_info"`
			KSeed   octets `json:"k_seed"`
		}
		read(&v)
		if got := travel.BasicSeed(travel.FromMRZ(v.MRZInfo)); !bytes.Equal(got, v.KSeed) {
			t.Errorf("got %X, want %X", got, v.KSeed)
		}
	})
}

type paceVector struct {
	OID           octets
	ParamID       int `json:"param_id"`
	Curve, Group  string
	Cipher        string
	PW            string
	PWType        string `json:"pw_type"`
	KPi           octets `json:"k_pi"`
	SKMap         octets `json:"sk_map_ifd"`
	SK            octets `json:"sk_ifd"`
	PKMapIC       octets `json:"pk_map_ic"`
	PKIFD         octets `json:"pk_ifd"`
	PKIC          octets `json:"pk_ic"`
	KSEnc         octets `json:"ks_enc"`
	KSMac         octets `json:"ks_mac"`
	TIFD          octets `json:"t_ifd"`
	TIC           octets `json:"t_ic"`
	TIFDIn        octets `json:"t_ifd_in"`
	APDUs         []exchange
	TokenBad      octets `json:"token_bad_rsp"`
	EchoMap       octets `json:"echo_map_rsp"`
	EchoAgree     octets `json:"echo_agree_rsp"`
	CAIC          octets `json:"ca_ic"`
	PKStatic      octets `json:"pk_ic_static"`
	NonceS        octets `json:"nonce_s"`
	NonceT        octets `json:"nonce_t"`
	PRNG          octets
	GMap          octets `json:"g_map"`
	SKIC          octets `json:"sk_ic"`
	KShared       octets `json:"k_shared"`
	EncNonce      octets `json:"enc_nonce"`
	APDUMap       octets `json:"apdu_map"`
	CardAccess    octets `json:"card_access"`
	TIFDStripped  octets `json:"t_ifd_stripped"`
	CAMCheckPoint octets `json:"cam_check_point"`
}

func (v *paceVector) password() travel.Password {
	if v.PWType == "CAN" || v.PWType == "PIN" || len(v.PW) < 10 {
		return travel.FromCAN(v.PW)
	}
	return travel.FromMRZ(v.PW)
}

// order1024 is the order of the prime group with identifier 0.
var order1024, _ = new(big.Int).SetString("F518AA8781A8DF278ABA4E7D64B7CB9D49462353", 16)

// drawn is a secret as it would be drawn. In one example it is as long as the modulus: the same, modulo the order.
func (v *paceVector) drawn(secret []byte) []byte {
	if v.Group != "" && len(secret) > 20 {
		n := new(big.Int).SetBytes(secret)
		return n.Mod(n, order1024).FillBytes(make([]byte, 20))
	}
	return bytes.Clone(secret)
}

func (v *paceVector) run(t *testing.T, exchanges []exchange) (*secure.Session, []byte, []byte, error) {
	t.Helper()
	random := bytes.NewReader(append(v.drawn(v.SKMap), v.drawn(v.SK)...))
	return travel.RunPACE(context.Background(), &script{t: t, exchanges: exchanges}, random, mustOID(t, v.OID), v.ParamID, bytes.Clone(v.KPi))
}

func TestPACE_Vectors(t *testing.T) {
	for _, kind := range []string{"pace-gm-ecdh", "pace-gm-dh", "pace-cam-ecdh"} {
		eachVector(t, kind, func(t *testing.T, read func(any)) {
			var v paceVector
			read(&v)
			if got := travel.PasswordKey(v.password(), mustCipher(t, v.Cipher)); !bytes.Equal(got, v.KPi) {
				t.Errorf("K_pi: got %X, want %X", got, v.KPi)
			}
			session, mapped, proof, err := v.run(t, v.APDUs[1:])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(mapped, v.PKMapIC) || !bytes.Equal(proof, v.CAIC) {
				t.Errorf("mapped with %X, proof %X", mapped, proof)
			}
			sameSession(t, session, secure.NewFromKeys(mustCipher(t, v.Cipher), v.KSEnc, v.KSMac, nil))
			if v.CAIC != nil {
				product, err := mustGroup(t, v.Curve).Multiply(v.PKStatic, proof)
				if err != nil || !bytes.Equal(product, v.CAMCheckPoint) {
					t.Errorf("the static key gives %X, %v", product, err)
				}
			}
		})
	}
}

// TestPACE_NegativeVectors: a wrong token, and our own keys sent back, are refused, and nothing comes out.
func TestPACE_NegativeVectors(t *testing.T) {
	eachVector(t, "pace-gm-ecdh", func(t *testing.T, read func(any)) {
		var v paceVector
		read(&v)
		for step, bad := range map[int][]byte{4: v.TokenBad, 2: v.EchoMap, 3: v.EchoAgree} {
			if bad == nil {
				continue // the printed examples have no such answers
			}
			exchanges := append([]exchange(nil), v.APDUs[1:step+1]...)
			exchanges[step-1].Rsp = bad
			session, _, _, err := v.run(t, exchanges)
			if session != nil || !errors.Is(err, travel.ErrAccessControl) {
				t.Errorf("step %d: got %v, want ErrAccessControl", step, err)
			}
		}
	})
}

// TestPACE_IntegratedVectors follows the printed examples, which have no whole exchange, step by step.
func TestPACE_IntegratedVectors(t *testing.T) {
	for _, kind := range []string{"pace-im-ecdh", "pace-im-dh"} {
		eachVector(t, kind, func(t *testing.T, read func(any)) {
			var v paceVector
			read(&v)
			g, c := mustGroup(t, v.Curve+v.Group), mustCipher(t, v.Cipher)
			number := travel.PseudoRandom(c, v.NonceS, v.NonceT, g.Bits())
			generator, err := g.MapInteger(number)
			if err != nil || !bytes.Equal(generator, v.GMap) {
				t.Fatalf("generator: got %X, %v, want %X", generator, err, v.GMap)
			}
			if got := number.Mod(number, g.Modulus()); got.Cmp(new(big.Int).SetBytes(v.PRNG)) != 0 {
				t.Errorf("R_p: got %X, want %X", got, v.PRNG)
			}
			for _, side := range []struct{ secret, public, other, tokenOver, token []byte }{
				{v.SK, v.PKIFD, v.PKIC, v.PKIC, v.TIFD},
				{v.SKIC, v.PKIC, v.PKIFD, v.PKIFD, v.TIC},
			} {
				if got := mustMultiply(t, g, generator, side.secret); !bytes.Equal(got, side.public) {
					t.Errorf("public key: got %X, want %X", got, side.public)
				}
				secret := g.Secret(mustMultiply(t, g, side.other, side.secret))
				if !bytes.Equal(secret, v.KShared) {
					t.Errorf("secret: got %X, want %X", secret, v.KShared)
				}
				mac := c.DeriveKey(secret, secure.ForMAC)
				if got := travel.Token(mustOID(t, v.OID), g, mac, side.tokenOver); !bytes.Equal(got, side.token) {
					t.Errorf("token: got %X, want %X", got, side.token)
				}
			}
		})
	}
}

func mustMultiply(t testing.TB, g agreement.Group, element, scalar []byte) []byte {
	t.Helper()
	out, err := g.Multiply(element, scalar)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChipAuthentication_Vectors covers the keys of both versions: they differ in what follows.
func TestChipAuthentication_Vectors(t *testing.T) {
	eachVector(t, "ca-v1", func(t *testing.T, read func(any)) {
		var v struct {
			Curve, Cipher string
			SKIFD         octets `json:"sk_ifd"`
			SKIC          octets `json:"sk_ic"`
			PKIFD         octets `json:"pk_ifd"`
			PKIC          octets `json:"pk_ic"`
			KShared       octets `json:"k_shared"`
			KSEnc         octets `json:"ks_enc"`
			KSMac         octets `json:"ks_mac"`
		}
		read(&v)
		g, c := mustGroup(t, v.Curve), mustCipher(t, v.Cipher)
		if got := mustMultiply(t, g, g.Generator(), v.SKIFD); !bytes.Equal(got, v.PKIFD) {
			t.Errorf("our key: got %X, want %X", got, v.PKIFD)
		}
		secret := g.Secret(mustMultiply(t, g, v.PKIC, v.SKIFD))
		if !bytes.Equal(secret, v.KShared) {
			t.Errorf("secret: got %X, want %X", secret, v.KShared)
		}
		sameSession(t, secure.New(c, secret, nil), secure.NewFromKeys(c, v.KSEnc, v.KSMac, nil))
	})
	eachVector(t, "ca-v2", func(t *testing.T, read func(any)) {
		var v struct {
			Curve, Group string
			SKIFD        octets `json:"sk_ifd"`
			PKIC         octets `json:"pk_ic"`
			PKIFD        octets `json:"pk_ifd"`
			KShared      octets `json:"k_shared"`
		}
		read(&v)
		g := mustGroup(t, v.Curve+v.Group)
		if got := mustMultiply(t, g, g.Generator(), v.SKIFD); !bytes.Equal(got, v.PKIFD) {
			t.Errorf("our key: got %X, want %X", got, v.PKIFD)
		}
		if got := g.Secret(mustMultiply(t, g, v.PKIC, v.SKIFD)); !bytes.Equal(got, v.KShared) {
			t.Errorf("secret: got %X, want %X", got, v.KShared)
		}
	})
}

func TestVerifyActiveAuthentication_Vectors(t *testing.T) {
	type vector struct {
		DG15, DG14 octets
		RndIFD     octets `json:"rnd_ifd"`
		Sig        octets
		SigBad     octets `json:"sig_bad"`
		SigDER     octets `json:"sig_der"`
	}
	check := func(t *testing.T, read func(any)) {
		var v vector
		read(&v)
		if v.DG15 == nil {
			return // the printed example has no key
		}
		if err := travel.VerifyActiveAuthentication(v.DG15, v.DG14, v.RndIFD, v.Sig); err != nil {
			t.Error(err)
		}
		if v.SigDER != nil {
			if err := travel.VerifyActiveAuthentication(v.DG15, v.DG14, v.RndIFD, v.SigDER); err != nil {
				t.Errorf("DER: %v", err)
			}
		}
		if err := travel.VerifyActiveAuthentication(v.DG15, v.DG14, v.RndIFD, v.SigBad); !errors.Is(err, travel.ErrClone) {
			t.Errorf("the bad one: got %v, want ErrClone", err)
		}
		other := bytes.Clone(v.RndIFD)
		other[7] ^= 1
		if err := travel.VerifyActiveAuthentication(v.DG15, v.DG14, other, v.Sig); !errors.Is(err, travel.ErrClone) {
			t.Errorf("another challenge: got %v, want ErrClone", err)
		}
	}
	eachVector(t, "aa-rsa", check)
	eachVector(t, "aa-ecdsa", check)
}

func TestSecurityInfos_Vectors(t *testing.T) {
	want := map[string]travel.InfoCounts{
		"secinfo-g1":           {PACE: 1},
		"secinfo-tr03110-ecdh": {PACE: 1}, // its chip authentication is of version 2
		"secinfo-tr03110-dh":   {PACE: 1},
		"secinfo-i1-capk":      {ChipKeys: 1},
	}
	eachVector(t, "security-infos", func(t *testing.T, read func(any)) {
		var v struct{ File octets }
		read(&v)
		got, err := travel.ParseSecurityInfos(v.File)
		if name := t.Name()[len("TestSecurityInfos_Vectors/"):]; err != nil || got != want[name] {
			t.Errorf("got %+v, %v, want %+v", got, err, want[name])
		}
	})
	eachVector(t, "card-security", func(t *testing.T, read func(any)) {
		var v struct{ File, EContent octets }
		read(&v)
		content, err := travel.SignedContent(v.File)
		if err != nil || !bytes.Equal(content, v.EContent) {
			t.Fatalf("got %X, %v", content, err)
		}
		if got, err := travel.ParseSecurityInfos(content); err != nil || got.ChipKeys != 1 || got.PACE != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
