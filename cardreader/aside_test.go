package cardreader_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader"
)

func TestChoice_Names(t *testing.T) {
	for name, want := range map[string]cardreader.Aside{
		"Windows Hello for Business 1":                                        cardreader.AsideVirtual,
		"Windows Hello for Business":                                          cardreader.AsideVirtual,
		"Microsoft UICC ISO Reader 2ca24328 0":                                cardreader.AsideVirtual,
		"Microsoft Virtual Smart Card 0":                                      cardreader.AsideVirtual,
		"Identity Device (Microsoft Generic profile)\\TPM Virtual Smart Card": cardreader.AsideVirtual,

		"Yubico YubiKey OTP+FIDO+CCID 00 00":                                  cardreader.AsideKey,
		"Yubico YubiKey OTP+FIDO+CCID (0005437280) 01 00":                     cardreader.AsideKey,
		"Yubico Yubikey NEO U2F+CCID 0":                                       cardreader.AsideKey,
		"Nitrokey Nitrokey 3 [CCID/ICCD Interface] 00 00":                     cardreader.AsideKey,
		"Free Software Initiative of Japan Gnuk (FSIJ-1.2.15-43211613) 00 00": cardreader.AsideKey,
		"SoloKeys Solo 2 [CCID/ICCD Interface] (69A) 00 00":                   cardreader.AsideKey,
		"canokeys.org OpenPGP PIV OATH 0":                                     cardreader.AsideKey,

		"ACS ACR1252 Dual Reader SAM 0":                                                        cardreader.AsideSAM,
		"ACS ACR1252 Dual Reader [ACR1252 Dual Reader SAM] 01 00":                              cardreader.AsideSAM,
		"ACS ACR1552 1S CL Reader [ACR1552 1S CL Reader SAM] 01 00":                            cardreader.AsideSAM,
		"ACS ACR1552 1S CL Reader SAM 0":                                                       cardreader.AsideSAM,
		"ACS ACR1552U SAM Interface 00 01":                                                     cardreader.AsideSAM,
		"ACS ACR1281 1S Dual Reader 00 02":                                                     cardreader.AsideSAM,
		"Duali DE-620 SAM Reader 0":                                                            cardreader.AsideSAM,
		"Identive CLOUD 4710 F SAM Reader 0":                                                   cardreader.AsideSAM,
		"Identiv uTrust 4711 F CL + SAM Reader [uTrust 4711 F SAM Reader] (55512115200) 01 00": cardreader.AsideSAM,

		// Readers: of the same devices, of the desk's kind, with words that mean something else elsewhere, and unknown ones.
		"ACS ACR1252 Dual Reader PICC 0":                           "",
		"ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00": "",
		"ACS ACR1281 1S Dual Reader 00 00":                         "",
		"ACS ACR1281 1S Dual Reader 00 01":                         "",
		"ACS ACR1222 1SAM PICC Reader 00 00":                       "",
		"Duali DE-620 Contactless Reader 0":                        "",
		"Identive Identive CLOUD 4510 F Contactless + SAM Reader [CCID Interface] (53691246200) 00 00": "",
		"Identiv uTrust 4711 F CL + SAM Reader [uTrust 4711 F CL + SAM Reader] (55512115200) 00 00":    "",
		"Identiv uTrust 3512 SAM slot Token 00 00":                                                     "",
		"Virtual PCD 00 00":                         "",
		"Virtual PCD 00 01":                         "",
		"VMware Virtual USB CCID 00 00":             "",
		"Microsoft IFD 0":                           "", // the built-in contactless reader
		"TOKEN2 MFA NFC Reader 00 00":               "",
		"Gemalto USB Shell Token V2 (5A0E3B) 00 00": "",
		"Gemalto PC Twin Reader 00 00":              "",
		"OMNIKEY AG CardMan 3121 00 00":             "",
		"HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] 01 00": "",
		"Aktiv Rutoken SCR 3001 Reader 00 00":                                              "",
		"Alcor Micro AU9540 00 00":                                                         "",
		"Samsung Sam Reader of Samuel 3 00 00":                                             "",
		"Leitor do balcão":                                                                 "",
		"":                                                                                 "",
	} {
		if got := (cardreader.Choice{}).Aside(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestChoice_Configured(t *testing.T) {
	c := cardreader.Choice{Ignore: []string{"ACR122", "omnikey"}, Keep: []string{"yubikey", "OMNIKEY 5422CL"}}
	for name, want := range map[string]cardreader.Aside{
		"Yubico YubiKey OTP+FIDO+CCID 00 00": "",
		"ACS ACR122U PICC Interface 00 00":   cardreader.AsideIgnored,
		"OMNIKEY AG CardMan 3121 00 00":      cardreader.AsideIgnored,
		"HID Global OMNIKEY 5422CL 01 00":    "",
		"Nitrokey Nitrokey Pro 00 00":        cardreader.AsideKey,
		"Gemalto PC Twin Reader 00 00":       "",
	} {
		if got := c.Aside(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := (cardreader.Choice{Ignore: []string{""}, Keep: []string{""}}).Aside("Yubico YubiKey 0"); got != cardreader.AsideKey {
		t.Errorf("an empty part of a name decides: got %q", got)
	}
}

// TestChoice_EveryKnownReader: of the devices that libccid knows, exactly these are left aside.
func TestChoice_EveryKnownReader(t *testing.T) {
	raw, err := os.ReadFile("/etc/libccid_Info.plist")
	if err != nil {
		t.Fatal(err)
	}
	_, names, _ := strings.Cut(string(raw), "<key>ifdFriendlyName</key>")
	names, _, _ = strings.Cut(names, "</array>")
	var aside []string
	all := regexp.MustCompile(`<string>(.*)</string>`).FindAllStringSubmatch(names, -1)
	for _, n := range all {
		if (cardreader.Choice{}).Aside(n[1]+" 00 00") != "" {
			aside = append(aside, n[1])
		}
	}
	slices.Sort(aside)
	want := []string{
		"Canokeys Canokey",
		"FT Biopass FIDO2",
		"FT Biopass KB FIDO CCID",
		"Free Software Initiative of Japan Gnuk",
		"GoTrust Idem Key",
		"GoldKey Security PIV Token",
		"HID Global Crescendo Key",
		"Kapsch TrafficCom USB SAM reader",
		"Ledger Nano S",
		"Ledger Nano S Plus",
		"Ledger Nano SP",
		"Ledger Nano X",
		"Nitrokey Nitrokey 3",
		"Nitrokey Nitrokey HSM",
		"Nitrokey Nitrokey Pro",
		"Nitrokey Nitrokey Start",
		"Nitrokey Nitrokey Storage",
		"PIVKey T800",
		"Purism, SPC Librem Key",
		"SafeNet eToken 5100",
		"SafeNet eToken 5110+ FIPS",
		"SafeNet eToken 5300",
		"SafeNet eToken 5300 C",
		"SafeNet eToken 7300",
		"SafeNet eToken Fusion",
		"SoloKeys Solo 2",
		"TOKEN2 Molto2",
		"Yubico YubiKey CCID",
		"Yubico YubiKey FIDO+CCID",
		"Yubico YubiKey OTP+CCID",
		"Yubico YubiKey OTP+FIDO+CCID",
		"Yubico Yubikey NEO CCID",
		"Yubico Yubikey NEO OTP+CCID",
		"Yubico Yubikey NEO OTP+U2F+CCID",
		"Yubico Yubikey NEO U2F+CCID",
	}
	if diff := cmp.Diff(want, slices.Compact(aside)); diff != "" || len(all) < 400 {
		t.Errorf("of %d (-want +got):\n%s", len(all), diff)
	}
}

// TestDiagnose_Aside: what is no reader is named with the reason, and there is none to work with.
func TestDiagnose_Aside(t *testing.T) {
	d := newDaemon(t)
	d.call(t, "Yubico YubiKey OTP+FIDO+CCID")
	d.mustStart(t)
	diagnosed := cardreader.Diagnose(t.Context())
	if diff := cmp.Diff([]string{cardreader.CodeOK, cardreader.CodeAside, cardreader.CodeAside, cardreader.CodeNoReader}, codes(t, diagnosed)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if title := diagnosed[1].Title; !strings.Contains(title, `"Yubico YubiKey OTP+FIDO+CCID 00 00" is left aside: it is a security key`) {
		t.Errorf("got %q", title)
	}
	kept := cardreader.Choice{Keep: []string{"YubiKey OTP+FIDO+CCID 00 01"}}.Diagnose(t.Context())
	if diff := cmp.Diff([]string{cardreader.CodeOK, cardreader.CodeAside, cardreader.CodeOK}, codes(t, kept)); diff != "" {
		t.Errorf("one kept (-want +got):\n%s", diff)
	}
}

// TestWatch_Aside: what is no reader is told of as such, has no number and no cards, and goes with the service.
func TestWatch_Aside(t *testing.T) {
	d := newDaemon(t)
	d.call(t, "Yubico YubiKey OTP+FIDO+CCID")
	d.mustStart(t)
	w := watch(t, cardreader.WatchOptions{Choice: cardreader.Choice{Keep: []string{"CCID 00 01"}}})
	left := cardreader.LeftAside{Name: "Yubico YubiKey OTP+FIDO+CCID 00 00", Why: cardreader.AsideKey}
	kept := cardreader.Reader{Number: 1, Name: "Yubico YubiKey OTP+FIDO+CCID 00 01"}
	w.want(t, up(), cardreader.Event{Kind: cardreader.ReadersAside, Aside: []cardreader.LeftAside{left}}, added(kept))
	d.mustInsert(t, 0, echo)
	d.mustInsert(t, 1, echo)
	w.want(t, inserted(kept))
	d.kill()
	w.want(t, removed(kept), cardreader.Event{Kind: cardreader.ReaderRemoved, Reader: kept}, cardreader.Event{Kind: cardreader.ReadersAside}, down(cardreader.ServiceStopped))
}
