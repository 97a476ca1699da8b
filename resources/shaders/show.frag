// A picture (or two, split by a line) into a pane: where zoom and centre put it, scaled.
uniform sampler2D left;
uniform sampler2D right;
// Device pixels, from the pane's top left corner.
uniform vec2 pane;
uniform vec2 origin;
// Device pixels per picture sample.
uniform vec2 scale;
// Device pixels from the left; 0 or less: `right` everywhere, the pane's width or more: `left` everywhere.
uniform float split;
// 0 nearest, 1 bilinear.
uniform int magnify;
// 0 area, 1 Lanczos.
uniform int minify;
// 1: what falls between two codes is spread over the pixels around.
uniform int left_dithered;
uniform int right_dithered;
// Of the pane: 255, or 1023 where the screen has 10 bits.
uniform float largest_code;
uniform vec3 background;
out vec4 colour;

const float PI = 3.14159265358979;
const float LOBES = 3.0;
const int MOST_TAPS = 128;

float lanczos(float x) {
    x = abs(x);
    if (x < 1e-4) {
        return 1.0;
    }
    return x < LOBES ? LOBES * sin(PI * x) * sin(PI * x / LOBES) / (PI * PI * x * x) : 0.0;
}

// Weight of sample `at` for the device pixel whose middle is `centre` and which is `width` samples wide.
float weight(float at, float centre, float width) {
    if (minify == 1) {
        return lanczos((at + 0.5 - centre) / width);
    }
    return max(0.0, min(at + 1.0, centre + 0.5 * width) - max(at, centre - 0.5 * width));
}

vec3 minified(sampler2D picture, vec2 centre, vec2 width, ivec2 size) {
    vec2 reach = (minify == 1 ? LOBES : 0.5) * width;
    ivec2 first = ivec2(floor(centre - reach));
    ivec2 last = min(ivec2(ceil(centre + reach)), first + MOST_TAPS);
    vec3 sum = vec3(0.0);
    float total = 0.0;
    for (int row = first.y; row < last.y; ++row) {
        float down = weight(float(row), centre.y, width.y);
        for (int column = first.x; column < last.x; ++column) {
            float share = down * weight(float(column), centre.x, width.x);
            if (share != 0.0) {
                ivec2 at = clamp(ivec2(column, row), ivec2(0), size - 1);
                sum += share * texelFetch(picture, at, 0).rgb;
                total += share;
            }
        }
    }
    return clamp(sum / total, 0.0, 1.0);
}

vec3 bilinear(sampler2D picture, vec2 centre, ivec2 size) {
    vec2 at = centre - 0.5;
    ivec2 first = ivec2(floor(at));
    vec2 part = at - vec2(first);
    ivec2 last = size - 1;
    vec3 a = texelFetch(picture, clamp(first, ivec2(0), last), 0).rgb;
    vec3 b = texelFetch(picture, clamp(first + ivec2(1, 0), ivec2(0), last), 0).rgb;
    vec3 c = texelFetch(picture, clamp(first + ivec2(0, 1), ivec2(0), last), 0).rgb;
    vec3 d = texelFetch(picture, clamp(first + ivec2(1, 1), ivec2(0), last), 0).rgb;
    return mix(mix(a, b, part.x), mix(c, d, part.x), part.y);
}

vec3 sampled(sampler2D picture, vec2 centre) {
    ivec2 size = textureSize(picture, 0);
    // A hair's breadth: 1:1 must not count as minified by rounding.
    if (min(scale.x, scale.y) < 0.9999) {
        return minified(picture, centre, max(vec2(1.0), 1.0 / scale), size);
    }
    if (magnify == 1) {
        return bilinear(picture, centre, size);
    }
    return texelFetch(picture, clamp(ivec2(floor(centre)), ivec2(0), size - 1), 0).rgb;
}

// Between 0 and 1, each of 64 values once in 8 by 8 pixels: Bayer's order.
float threshold(ivec2 pixel) {
    int rank = 0;
    for (int bit = 0; bit < 3; ++bit) {
        rank += (((pixel.x ^ pixel.y) >> bit) & 1) << (5 - 2 * bit);
        rank += ((pixel.y >> bit) & 1) << (4 - 2 * bit);
    }
    return (float(rank) + 0.5) / 64.0;
}

void main() {
    vec2 at = vec2(gl_FragCoord.x, pane.y - gl_FragCoord.y);
    vec2 centre = (at - origin) / scale;
    bool on_left = at.x < split;
    vec2 size = vec2(on_left ? textureSize(left, 0) : textureSize(right, 0));
    if (any(lessThan(centre, vec2(0.0))) || any(greaterThanEqual(centre, size))) {
        colour = vec4(background, 1.0);
        return;
    }
    // Samplers cannot be chosen by a condition in every GLSL.
    vec3 shown = on_left ? sampled(left, centre) : sampled(right, centre);
    if ((on_left ? left_dithered : right_dithered) == 1) {
        shown = floor(largest_code * shown + threshold(ivec2(at))) / largest_code;
    }
    colour = vec4(shown, 1.0);
}
