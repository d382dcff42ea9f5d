package delivery_test

import (
	"context"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/delivery"
)

func TestReason(t *testing.T) {
	for code, want := range map[string]kiosk.FailReason{
		"sms_address":                    kiosk.FailUnknownNumber,
		"sms_unbound":                    kiosk.FailUnavailable,
		"sms_timeout":                    kiosk.FailUnavailable,
		"sms_throttled":                  kiosk.FailUnavailable,
		"sms_refused_45":                 kiosk.FailRefused,
		"sms_text":                       kiosk.FailOther,
		"mail_address":                   kiosk.FailMailboxUnknown,
		"mail_address_550":               kiosk.FailMailboxUnknown,
		"mail_address_550_5.1.1":         kiosk.FailMailboxUnknown,
		"mail_address_550_5.2.1":         kiosk.FailMailboxUnknown,
		"mail_address_550_5.1.2":         kiosk.FailDomainUnknown,
		"mail_address_556_5.1.10":        kiosk.FailDomainUnknown,
		"mail_address_556":               kiosk.FailDomainUnknown,
		"mail_address_552_5.2.2":         kiosk.FailMailboxFull,
		"mail_address_552":               kiosk.FailMailboxFull,
		"mail_deferred_452_4.2.2":        kiosk.FailMailboxFull,
		"mail_deferred_451":              kiosk.FailUnavailable,
		"mail_deferred_421_4.7.0":        kiosk.FailSpam,
		"mail_relay_refused_550_5.7.1":   kiosk.FailSpam,
		"mail_relay_refused_554":         kiosk.FailRefused,
		"mail_refused_552_5.2.3":         kiosk.FailRefused,
		"mail_unreachable":               kiosk.FailUnavailable,
		"mail_session":                   kiosk.FailUnavailable,
		"a code that nobody has made up": kiosk.FailUnavailable,
	} {
		if got := delivery.Reason(&delivery.Error{Code: code}); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
	if got := delivery.Reason(context.Canceled); got != kiosk.FailUnavailable {
		t.Errorf("got %s", got)
	}
	if got := delivery.Reason(nil); got != "" {
		t.Errorf("got %s", got)
	}
}
