using Mantle.Formats.Bytes;

namespace Mantle.Measure.Audit.Inspection;

/// <summary>A kernel that something in the image starts.</summary>
/// <param name="Place">The file that holds it: a UKI, or the kernel itself.</param>
/// <param name="Release">Its release as <c>uname -r</c> prints it, or null.</param>
/// <param name="Content">Its bytes, as a boot loader gets them.</param>
public sealed record InspectedKernel(string Place, string? Release, ByteSource Content);
