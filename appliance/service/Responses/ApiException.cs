namespace Mantle.Service.Responses;

/// <summary>A request that is answered with an error of the API.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong, for a person. Never a part of the request but the name of a member.</param>
/// <param name="parameter">The member of the request that is wrong, or null.</param>
/// <param name="code">The same for a program, or null.</param>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    public int Status { get; } = status;

    public string? Parameter { get; } = parameter;

    public string? Code { get; } = code;

    /// <summary>The kind of error that the API has for the status.</summary>
    public string Kind => Status switch
    {
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
