using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Keys;

internal static class PaddingOfScheme
{
    public static bool IsPss(this SignatureScheme scheme) => scheme is SignatureScheme.RsaPssSha256 or SignatureScheme.RsaPssSha384 or SignatureScheme.RsaPssSha512;
}
