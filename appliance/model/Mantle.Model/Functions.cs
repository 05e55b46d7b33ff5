using System.Numerics;

namespace Mantle.Model;

/// <summary>
/// The functions of a model by additions and multiplications alone, each rounded once: the same bits on every machine and with registers of every width. The C library's
/// own differ by its version, and a fused multiplication by whether the machine has one.
/// </summary>
public static class Functions
{
    // Beyond these, e^x would leave the normal numbers.
    private const float Lowest = -87f;
    private const float Highest = 88f;

    // ln 2 in two parts (Cody and Waite, 1980): the first has so few digits that its product with a whole number is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x, to within about 2e-7 of its value.</summary>
    public static Vector<float> Exp(Vector<float> x)
    {
        x = Vector.Min(Vector.Max(x, new(Lowest)), new(Highest));

        // Adding 1.5 * 2^23 leaves no room for a fraction: what remains is the nearest whole number.
        Vector<float> magic = new(12582912f);
        Vector<float> whole = (x * new Vector<float>(1.44269504f)) + magic - magic;
        Vector<float> rest = x - (whole * new Vector<float>(Ln2High)) - (whole * new Vector<float>(Ln2Low));

        // The series of e^x up to x^7, for |x| <= ln 2 / 2.
        Vector<float> sum = new(1f / 5040);
        sum = (sum * rest) + new Vector<float>(1f / 720);
        sum = (sum * rest) + new Vector<float>(1f / 120);
        sum = (sum * rest) + new Vector<float>(1f / 24);
        sum = (sum * rest) + new Vector<float>(1f / 6);
        sum = (sum * rest) + new Vector<float>(0.5f);
        sum = (sum * rest) + Vector<float>.One;
        sum = (sum * rest) + Vector<float>.One;
        Vector<int> exponent = (Vector.ConvertToInt32(whole) + new Vector<int>(127)) << 23;
        return sum * Vector.AsVectorSingle(exponent);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    public static Vector<float> Sigmoid(Vector<float> x) => Vector<float>.One / (Vector<float>.One + Exp(-x));

    /// <summary>The hyperbolic tangent.</summary>
    public static Vector<float> Tanh(Vector<float> x) => (Sigmoid(x + x) * new Vector<float>(2f)) - Vector<float>.One;
}
