package central

import "balcao/kiosk"

// Settings are the centre's rules that a desk shows or applies early; the centre applies them anyway.
type Settings struct {
	MinAge             int `json:"min_age"`
	PINMin             int `json:"pin_min"`
	PINMax             int `json:"pin_max"`
	CodeTries          int `json:"code_tries"`
	CodeResends        int `json:"code_resends"`
	CodeSMSSeconds     int `json:"code_sms_seconds"`
	CodeEmailSeconds   int `json:"code_email_seconds"`
	ResendAfterSeconds int `json:"code_resend_after_seconds"`
	EnrolmentSeconds   int `json:"enrolment_seconds"`
	NationalGraceDays  int `json:"national_grace_days"`
	ClockSkewSeconds   int `json:"clock_skew_seconds"`
	TypedMRZ           int `json:"typed_mrz"`           // 0 refused, 1 with a second clerk, 2 allowed; see TypedRule
	AccompaniedAllowed int `json:"accompanied_allowed"` // 0 not eligible, 1 eligible

	// Extensions are the laws that let expired documents count as valid, by name.
	Extensions []kiosk.Extension `json:"extensions"`
}

// TypedRule says whether a machine-readable zone that was typed, without a chip, may enrol. What this version
// does not know refuses.
func (s Settings) TypedRule() kiosk.TypedRule {
	switch s.TypedMRZ {
	case 1:
		return kiosk.TypedSecond
	case 2:
		return kiosk.TypedAllowed
	}
	return kiosk.TypedRefused
}
