package fonts

import (
	"strings"
	"unicode"
)

const folder = "/usr/share/fonts/"

// Scripts lists them. Chinese is in one collection with Japanese and Korean, whose forms of the same characters differ:
// the third font is Noto Sans CJK SC, for simplified Chinese (a test reads its name).
var Scripts = []*Script{
	{"Devanagari", "fonts-noto-core", pair("truetype/noto/NotoSansDevanagari", ".ttf"), 0, unicode.Devanagari},
	{"Bengali", "fonts-noto-core", pair("truetype/noto/NotoSansBengali", ".ttf"), 0, unicode.Bengali},
	{"Han", "fonts-noto-cjk", pair("opentype/noto/NotoSansCJK", ".ttc"), 2, han},
}

func pair(name, ending string) [2]string {
	return [2]string{folder + name + "-Regular" + ending, folder + name + "-Bold" + ending}
}

// Cure says how an administrator gets what Missing named.
func Cure(missing []string) string { return "apt install " + strings.Join(missing, " ") }
