package door

import (
	"errors"
	"testing"

	"balcao/kiosk"
	"balcao/kiosk/central"
)

func TestDecode(t *testing.T) {
	for _, test := range []struct{ name, body string }{
		{"nothing", ``},
		{"no object", `[]`},
		{"a text", `"channel"`},
		{"cut off", `{"channel":"sms"`},
		{"cut off in a text", `{"channel":"sm`},
		{"more behind", `{"channel":"sms"} {}`},
		{"rubbish behind", `{"channel":"sms"}x`},
		{"unknown", `{"channel":"sms","colour":"red"}`},
		{"of another call", `{"reason":"sms"}`},
		{"unsaid", `{"ID":"0197"}`},
		{"no name", `{"":"sms"}`},
		{"a dash", `{"-":"sms"}`},
		{"other letters", `{"Channel":"sms"}`},
		{"twice", `{"channel":"sms","channel":"email"}`},
		{"null", `{"channel":null}`},
		{"another type", `{"channel":7}`},
		{"deep", `{"channel":[[[[[["sms"]]]]]]}`},
		{"no base64", `{"code":"*"}`},
		{"not UTF-8", "{\"channel\":\"\xff\"}"},
		{"a zero byte", `{"channel":"s\u0000ms"}`},
	} {
		var a central.Attempt
		if err := decode([]byte(test.body), &a); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v, want errMalformed", test.name, err)
		}
	}
	var a central.Attempt
	if err := decode([]byte("\n{ \"code\": \"MTIz\", \"channel\": \"sms\" }\n"), &a); err != nil ||
		string(a.Code) != "123" || a.Channel != kiosk.SMS {
		t.Errorf("%+v, %v", a, err)
	}
	wipe(&a)
	if string(a.Code) != "\x00\x00\x00" {
		t.Errorf("the code is still there: %q", a.Code)
	}
}
