using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Mantle.Service;

/// <summary>Writes whole answers.</summary>
internal static class Answer
{
    /// <summary>Says no in the form of the service's own resources.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string error) => WriteAsync(context, status, new Refusal(error), AnswerContext.Default.Refusal);

    /// <summary>Writes an object.</summary>
    public static Task WriteAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type) =>
        WriteAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(answer, type));

    /// <summary>Writes bytes; to HEAD, all but them.</summary>
    public static Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> content, string type = "application/json")
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = content.Length;
        SetHeaders(response);
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(content, context.RequestAborted).AsTask();
    }

    /// <summary>What every answer says of itself.</summary>
    public static void SetHeaders(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
    }
}
