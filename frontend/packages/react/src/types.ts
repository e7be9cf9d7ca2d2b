/**
 * Types that the host application decides. Where its users' ids are not numbers, it says so once:
 *
 *     declare module '@weir/react' {
 *       interface WeirTypes { userId: string }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the host application
export interface WeirTypes {}

/** The id of a user of the host application: a number, as published, unless the host says otherwise. */
export type UserId = WeirTypes extends { userId: infer Id } ? Id : number;

/** A WeChat account bound to a user of the host application. */
export interface WeChatBinding {
  id: number;
  user_id: UserId;
  wechat_openid: string;
  wechat_unionid?: string;
  nickname?: string;
  avatar_url?: string;
  is_active: boolean;
  created_at: string;
  updated_at: string;
}

/** A new QR code. `qr_code_data` is a PNG in base64, without a `data:` prefix. */
export interface QRSession {
  session_id: string;
  qr_code_data: string;
  expires_at: string;
}

export type QRState = 'pending' | 'scanned' | 'confirmed' | 'expired';

/** A QR code and what became of it. */
export interface QRStatus {
  session_id: string;
  user_id: UserId;
  qr_code_data: string;
  status: QRState;
  expires_at: string;
  created_at: string;
}

/** A WeChat account that this user has just proven to be theirs. */
export interface WeChatData {
  openid: string;
  unionid?: string;
  nickname?: string;
  headimgurl?: string;
}

/** What a sign-in gives. */
export interface WeChatLoginResult {
  /** The user token: a JWT. */
  token: string;
  /** Seconds. */
  expires_in: number;
  /** By QR code: the user of the host application whom the WeChat account is bound to. */
  user_id?: UserId;
  /** In WeChat's own browser: the person as Weir knows them. */
  user?: { id: number; openid: string; nickname: string; avatar: string };
}

/** What is shown where somebody shares the page. */
export interface WeChatShareData {
  title: string;
  desc?: string;
  /** The page's own address when it is not given. */
  link?: string;
  imgUrl?: string;
}

export type Language = 'en' | 'zh' | 'ru';
