package paper

// FontFolder is where Debian's fonts-noto-core has Noto Sans.
const FontFolder = "/usr/share/fonts/truetype/noto"

const (
	fontRegular = "NotoSans-Regular.ttf"
	fontBold    = "NotoSans-Bold.ttf"
	fontItalic  = "NotoSans-Italic.ttf"
	fontSource  = "Debian: fonts-noto-core"
)
