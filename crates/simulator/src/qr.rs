//! QR codes as images: PNG of one bit a pixel.

use fast_qr::{ECL, QRBuilder};

/// Pixels of one module, and modules of the white border.
const SCALE: usize = 8;
const BORDER: usize = 4;

/// `None` when the text is too long for a QR code.
pub fn png(text: &str) -> Option<Vec<u8>> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = (code.size + 2 * BORDER) * SCALE;
    let row_bytes = side.div_ceil(8);
    // White is 1.
    let mut pixels = vec![0xff; row_bytes * side];
    for y in 0..code.size {
        for x in (0..code.size).filter(|&x| code[y][x].value()) {
            // A module is as wide as a byte is long.
            let column = BORDER + x;
            for line in 0..SCALE {
                pixels[((BORDER + y) * SCALE + line) * row_bytes + column] = 0;
            }
        }
    }
    let mut image = Vec::new();
    let pixel_side = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut image, pixel_side, pixel_side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_shows_the_modules_of_its_text() {
        let text = "http://127.0.0.1:7070/connect/confirm?uuid=0";
        let image = png(text).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.bit_depth), (info.height, png::BitDepth::One));
        let code = QRBuilder::new(text).ecl(ECL::M).build().unwrap();
        let module = |x: usize, y: usize| pixels[y * SCALE * info.line_size + x] == 0;
        assert!((0..code.size + 8).all(|at| !module(at, 0) && !module(0, at)), "the border is white");
        assert!(module(BORDER, BORDER), "the finder's corner is black");
        let same = |x: usize, y: usize| module(BORDER + x, BORDER + y) == code[y][x].value();
        assert!((0..code.size).all(|y| (0..code.size).all(|x| same(x, y))));
        assert!(png(&"x".repeat(5000)).is_none());
    }
}
