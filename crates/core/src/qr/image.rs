//! The picture of a QR code, large enough for every scanner: eight pixels a module, a quiet zone of four, black on white.

use fast_qr::{ECL, Mask, QRBuilder, QRCode};

use crate::{Code, Failure, Outcome};

const QUIET: usize = 4;
const PIXELS: usize = 8;

fn code(text: &str) -> Outcome<QRCode> {
    // Comparing all eight masks costs half of the picture. What is drawn ends with chance, so that each is as good.
    let code = QRBuilder::new(text).ecl(ECL::M).mask(Mask::Checkerboard).build();
    code.map_err(|error| Failure::new(Code::Internal).cause(format!("no QR code: {error:?}")))
}

/// A PNG with one bit a pixel.
pub fn png(text: &str) -> Outcome<Vec<u8>> {
    let code = code(text)?;
    let side = code.size + 2 * QUIET;
    // One module is one byte of eight white (1) or black (0) pixels.
    let mut pixels = vec![0xff_u8; side * PIXELS * side];
    for y in 0..code.size {
        let first = (y + QUIET) * PIXELS * side;
        for (x, module) in code[y].iter().take(code.size).enumerate() {
            if module.value() {
                pixels[first + x + QUIET] = 0;
            }
        }
        for line in 1..PIXELS {
            pixels.copy_within(first..first + side, first + line * side);
        }
    }
    let mut image = Vec::with_capacity(1024);
    let pixel_side = u32::try_from(side * PIXELS).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut image, pixel_side, pixel_side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    // Seven lines of eight are the line above again.
    encoder.set_filter(png::Filter::Up);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| Failure::new(Code::Internal).cause(error))?;
    Ok(image)
}

/// Such a PNG as SVG.
pub fn svg(image: &[u8]) -> Outcome<String> {
    use std::fmt::Write;
    let internal = |error: png::DecodingError| Failure::new(Code::Internal).cause(error);
    let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().map_err(internal)?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let info = reader.next_frame(&mut pixels).map_err(internal)?;
    // One module is one byte, see above.
    let side = info.line_size;
    let mut path = String::new();
    for (y, line) in pixels.chunks(side.max(1)).step_by(PIXELS).enumerate() {
        for (x, _) in line.iter().enumerate().filter(|(_, module)| **module == 0) {
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\"/></svg>"
    ))
}
