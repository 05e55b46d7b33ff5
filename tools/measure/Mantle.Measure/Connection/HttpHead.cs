namespace Mantle.Measure.Connection;

/// <summary>The beginning of an answer, as far as it matters here.</summary>
/// <param name="Status">The status, 200 to 599.</param>
/// <param name="MediaType">The type of the body in lower case without parameters, empty if none is named.</param>
/// <param name="Length">Bytes of the body, or null if it comes in chunks.</param>
/// <param name="IsLast">Whether the server closes the connection behind it.</param>
public sealed record HttpHead(int Status, string MediaType, long? Length, bool IsLast);
