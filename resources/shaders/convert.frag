// YCbCr 4:2:0 planes to RGB at the picture's own size, or the difference of two pictures as colours.
// Row 0 of the target is row 0 of the picture.
uniform sampler2D take_y;
uniform sampler2D take_u;
uniform sampler2D take_v;
uniform sampler2D reference_y;
uniform sampler2D reference_u;
uniform sampler2D reference_v;
uniform sampler2D table;
// rgb = matrix * ycbcr + offset, for codes of 0 to 255.
uniform mat3 take_matrix;
uniform vec3 take_offset;
uniform mat3 reference_matrix;
uniform vec3 reference_offset;
// R'G'B' of the screen for those of an HDR picture: row red, column 33 * green + blue, each a step of 255 / 32 codes.
uniform sampler2D tone;
// 1: mode 0 goes through `tone`.
uniform int toned;
// 0: what lies between two codes is kept, as far as the target holds it.
uniform int whole_codes;
// What a sample of 1 in the planes of `take` stands for, in codes of 8 bits.
uniform float largest_sample;
// 0 picture, 1 luma absolute, 2 luma signed, 3 RGB absolute, 4 RGB signed.
uniform int mode;
uniform int gain;
out vec4 colour;

// Cubic kernel with B = 0, C = 0.6 at distances 1.75, 0.75, 0.25, 1.25: chroma samples lie between luma samples.
const vec4 WEIGHTS = vec4(-0.028125, 0.240625, 0.871875, -0.084375);
// The largest value that swscale's 15 bits between its two passes can hold.
const float LARGEST = 32767.0 / 128.0;

float line(sampler2D plane, ivec2 at, int row, bool odd, ivec2 last, float largest) {
    float sum = 0.0;
    for (int tap = 0; tap < 4; ++tap) {
        int column = clamp(odd ? at.x + 2 - tap : at.x - 2 + tap, 0, last.x);
        sum += WEIGHTS[tap] * texelFetch(plane, ivec2(column, row), 0).r;
    }
    return min(largest * sum, LARGEST);
}

float chroma(sampler2D plane, ivec2 pixel, float largest) {
    ivec2 at = pixel / 2;
    ivec2 last = textureSize(plane, 0) - 1;
    bool odd_column = (pixel.x & 1) == 1;
    bool odd_row = (pixel.y & 1) == 1;
    float sum = 0.0;
    for (int tap = 0; tap < 4; ++tap) {
        int row = clamp(odd_row ? at.y + 2 - tap : at.y - 2 + tap, 0, last.y);
        sum += WEIGHTS[tap] * line(plane, at, row, odd_column, last, largest);
    }
    return sum;
}

vec3 rgb(sampler2D y, sampler2D u, sampler2D v, ivec2 pixel, mat3 matrix, vec3 offset, float largest) {
    float luma = largest * texelFetch(y, pixel, 0).r;
    vec3 codes = matrix * vec3(luma, chroma(u, pixel, largest), chroma(v, pixel, largest)) + offset;
    codes = clamp(codes, 0.0, 255.0);
    return whole_codes == 1 ? floor(codes + 0.5) : codes;
}

vec3 through_tone(vec3 codes) {
    vec3 at = codes * 32.0 / 255.0;
    vec3 first = min(floor(at), vec3(31.0));
    vec3 part = at - first;
    vec3 sum = vec3(0.0);
    for (int corner = 0; corner < 8; ++corner) {
        ivec3 step = ivec3(corner & 1, (corner >> 1) & 1, corner >> 2);
        ivec3 entry = ivec3(first) + step;
        vec3 share = mix(1.0 - part, part, vec3(step));
        sum += share.r * share.g * share.b * texelFetch(tone, ivec2(33 * entry.g + entry.b, entry.r), 0).rgb;
    }
    return 255.0 * sum;
}

float code(float difference, bool absolute) {
    if (absolute) {
        return min(abs(difference) * float(gain), 255.0);
    }
    return clamp(128.0 + floor(difference * float(gain) / 2.0), 0.0, 255.0);
}

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    if (mode == 1 || mode == 2) {
        float difference = floor(255.0 * (texelFetch(take_y, pixel, 0).r - texelFetch(reference_y, pixel, 0).r) + 0.5);
        colour = texelFetch(table, ivec2(int(code(difference, mode == 1) + 0.5), 0), 0);
        return;
    }
    vec3 shown = rgb(take_y, take_u, take_v, pixel, take_matrix, take_offset, largest_sample);
    if (mode >= 3) {
        vec3 other = rgb(reference_y, reference_u, reference_v, pixel, reference_matrix, reference_offset, 255.0);
        vec3 change = shown - other;
        bool absolute = mode == 3;
        shown = vec3(code(change.r, absolute), code(change.g, absolute), code(change.b, absolute));
    }
    if (mode == 0 && toned == 1) {
        shown = through_tone(shown);
    }
    colour = vec4(shown / 255.0, 1.0);
}
